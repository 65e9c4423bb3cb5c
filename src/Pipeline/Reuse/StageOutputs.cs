using System.Security.Cryptography;
using System.Text;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Reuse;

/// <summary>Looks at what stages left in storage.</summary>
internal sealed class StageOutputs(IBlobStore blobs)
{
    // Larger files are taken at their length: reading many gigabytes to begin a run would cost more than it saves, and workers verify what
    // they fetch.
    private const long HashUpTo = 64 << 20;

    private readonly CheckpointStore checkpoints = new(blobs);

    /// <summary>The blobs and folders that a stage's result refers to, with the figures of the run that it was taken from.</summary>
    public static IReadOnlyList<string> PathsOf(StageResult result) =>
    [
        .. new[] { result.Checkpoint, result.Samples }.OfType<string>(), .. result.Data,
        .. result.Evaluation?.Benchmarks.SelectMany(benchmark => new[] { benchmark.Samples, benchmark.Problems }).OfType<string>() ?? [],
        .. result.ReusedFrom is { } origin ? [BlobLayout.Metrics(origin.RunId, origin.Label)] : (string[])[],
    ];

    /// <summary>A checkpoint's manifest when it is whole; null when something is missing or damaged.</summary>
    public async Task<CheckpointManifest?> WholeAsync(string checkpoint, CancellationToken cancellation)
    {
        try
        {
            return await checkpoints.VerifyAsync(checkpoint, HashUpTo, cancellation);
        }
        catch (Exception e) when (e is CheckpointNotFoundException or CheckpointCorruptException)
        {
            return null;
        }
    }

    /// <summary>A hash of a stage's model and data: equal for equal content, wherever it is stored.</summary>
    /// <param name="result">What the stage yields.</param>
    /// <param name="verify">Whether the files are looked at, too, and not only the manifest.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>Null when something is missing or damaged.</returns>
    public async Task<string?> ContentAsync(StageResult result, bool verify, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        try
        {
            if (result.Checkpoint is { } checkpoint)
            {
                if (verify) await checkpoints.VerifyAsync(checkpoint, HashUpTo, cancellation);
                foreach (var (name, file) in await checkpoints.ModelFilesAsync(checkpoint, cancellation)) // by name
                    text.Append(name).Append(' ').Append(file.Sha256).Append('\n');
            }
        }
        catch (Exception e) when (e is CheckpointNotFoundException or CheckpointCorruptException)
        {
            return null;
        }
        foreach (var path in result.Data)
        {
            if (await blobs.TryReadAsync(path, cancellation) is not { } rows) return null;
            text.Append(Convert.ToHexStringLower(SHA256.HashData(rows.ToMemory().Span))).Append('\n');
        }
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}

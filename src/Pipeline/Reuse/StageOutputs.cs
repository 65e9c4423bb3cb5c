using System.Security.Cryptography;
using System.Text;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Reuse;

/// <summary>Looks at what stages left in storage.</summary>
internal sealed class StageOutputs(IBlobStore blobs)
{
    /// <summary>
    /// Larger files are taken at their length: reading many gigabytes to begin a run would cost more than it saves, and workers verify what
    /// they fetch.
    /// </summary>
    private const long HashUpTo = 64 << 20;

    private readonly CheckpointStore checkpoints = new(blobs);

    /// <summary>A hash of a stage's model and data: equal for equal content, wherever it lies.</summary>
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
                var manifest = verify
                    ? await checkpoints.VerifyAsync(checkpoint, HashUpTo, cancellation)
                    : await checkpoints.ReadAsync(checkpoint, cancellation);
                foreach (var (name, file) in manifest.ModelFiles().OrderBy(file => file.Key, StringComparer.Ordinal))
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

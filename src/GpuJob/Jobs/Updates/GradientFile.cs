using System.Security.Cryptography;
using System.Text.Json;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>What a gradient file says besides the gradient.</summary>
/// <param name="Earlier">The gradients of all steps before, each step's in shard order: what leads from the update's checkpoint to the
/// policy that it is of.</param>
/// <param name="Sums">The shard's part of the step's metrics.</param>
internal sealed record GradientNote(IReadOnlyList<IReadOnlyList<string>> Earlier, IReadOnlyDictionary<string, double> Sums);

/// <summary>
/// A shard's part of a step's gradient as a safetensors file, by parameter name, in the parameters' own type (float32). The blob is named
/// by the hash of its content, which includes the names of the gradients before: a name stands for the whole way to it.
/// </summary>
internal static class GradientFile
{
    private const string NoteKey = "r1_note", Extension = ".safetensors";

    /// <summary>Writes the gradients that parameters hold; a parameter without one is left out.</summary>
    /// <param name="prefix">What the blob's path begins with.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="note">What else is said.</param>
    /// <param name="context">The attempt.</param>
    /// <returns>The blob's path.</returns>
    public static async Task<string> WriteAsync(string prefix, IEnumerable<(string Name, TorchSharp.Modules.Parameter Tensor)> parameters,
        GradientNote note, JobContext context)
    {
        var file = Path.Combine(context.ScratchFolder, "gradient" + Extension);
        using (NewDisposeScope())
        {
            var gradients = parameters.Select(parameter => (parameter.Name, Gradient: parameter.Tensor.grad))
                .Where(entry => entry.Gradient is not null);
            SafetensorsWriter.Write(file, gradients.Select(entry => (entry.Name, entry.Gradient!)),
                new Dictionary<string, string> { [NoteKey] = JsonSerializer.Serialize(note, R1Json.Options) });
        }
        var path = $"{prefix}.{await HashAsync(file, context.Preemption)}{Extension}";
        await context.Blobs.UploadAsync(path, file, context.Preemption);
        return path;
    }

    /// <summary>Brings a gradient here and verifies it against its name.</summary>
    /// <exception cref="BadInputException">It is missing, or is not what its name says.</exception>
    public static async Task DownloadAsync(string path, SafePath file, JobContext context)
    {
        if (!await context.Blobs.TryDownloadAsync(path, file, context.Preemption))
            throw new BadInputException($"Job '{context.Spec.JobId}': there is no gradient '{path}'.");
        var hash = await HashAsync(file.FullName, context.Preemption);
        if (!path.EndsWith($".{hash}{Extension}", StringComparison.Ordinal))
            throw new BadInputException($"Gradient '{path}' has SHA-256 {hash}; its name says another.");
    }

    /// <summary>What a file says besides the gradient.</summary>
    /// <exception cref="WeightsFormatException">It is no gradient file.</exception>
    public static GradientNote ReadNote(SafetensorsReader reader, string path) =>
        reader.Metadata.TryGetValue(NoteKey, out var json) && JsonSerializer.Deserialize<GradientNote>(json, R1Json.Options) is { } note
            ? note
            : throw new WeightsFormatException(path, null, $"has no {NoteKey} in its metadata; it is no gradient.");

    private static async Task<string> HashAsync(string file, CancellationToken cancellation)
    {
        await using var content = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellation));
    }
}

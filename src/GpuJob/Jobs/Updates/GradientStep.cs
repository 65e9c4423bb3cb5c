using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>All shards' gradients of an optimizer step, on this machine.</summary>
internal sealed class GradientStep : IDisposable
{
    private readonly IReadOnlyList<SafetensorsReader> shards;
    private readonly List<GradientNote> notes;

    private GradientStep(IReadOnlyList<string> paths, IReadOnlyList<SafetensorsReader> shards)
    {
        (Paths, this.shards) = (paths, shards);
        notes = [.. shards.Zip(paths, GradientFile.ReadNote)];
    }

    /// <summary>The blobs, in shard order.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>The gradients of the steps before.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Earlier => notes[0].Earlier;

    /// <summary>Each shard's metrics.</summary>
    public IEnumerable<IReadOnlyDictionary<string, double>> Metrics => notes.Select(note => note.Sums);

    /// <summary>Brings a step's gradients here.</summary>
    /// <exception cref="BadInputException">One is missing, or is not what its name says.</exception>
    public static async Task<GradientStep> DownloadAsync(IReadOnlyList<string> paths, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        var folder = Directory.CreateDirectory(Path.Combine(context.ScratchFolder, Path.GetRandomFileName())).FullName;
        var files = paths.Select((path, shard) => (Path: path, File: SafePath.Join(folder, $"{shard}.safetensors"))).ToList();
        await Task.WhenAll(files.Select(file => GradientFile.DownloadAsync(file.Path, file.File, context)));
        var readers = new List<SafetensorsReader>();
        try
        {
            foreach (var (_, file) in files) readers.Add(new SafetensorsReader(file.FullName));
            return new GradientStep(paths, readers);
        }
        catch
        {
            foreach (var reader in readers) reader.Dispose();
            throw;
        }
        finally
        {
            // The maps keep the content; the disk need not hold the steps of a whole update.
            if (!OperatingSystem.IsWindows()) Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Sets the gradients of a policy's parameters to the sum over the shards, added in their order.</summary>
    /// <exception cref="WeightsFormatException">A gradient does not fit the policy.</exception>
    public void SumInto(Policy policy)
    {
        using var _ = no_grad();
        policy.Optimizer!.ZeroGradients();
        var known = policy.Model.Trainable.ToDictionary(parameter => parameter.Name, parameter => parameter.Tensor, StringComparer.Ordinal);
        using var sum = new GradientSum();
        foreach (var (shard, path) in shards.Zip(Paths))
        {
            foreach (var (name, stored) in shard.Tensors)
            {
                if (!known.TryGetValue(name, out var parameter))
                    throw new WeightsFormatException(path, name, "is no parameter that is trained.");
                if (!stored.Shape.SequenceEqual(parameter.shape))
                    throw new WeightsFormatException(path, name,
                        $"has shape [{string.Join(", ", stored.Shape)}], [{string.Join(", ", parameter.shape)}] is needed.");
                using var scope = NewDisposeScope();
                sum.Add(name, shard.Read(name), parameter.device);
            }
        }
        sum.GiveTo(policy.Model.Trainable);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var shard in shards) shard.Dispose();
    }
}

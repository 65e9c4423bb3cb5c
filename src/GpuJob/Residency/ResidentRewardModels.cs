using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.RewardModels;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Residency;

/// <summary>
/// The reward models that a worker keeps in memory between jobs, beside policy and reference: the ones used last. One job at a time.
/// </summary>
/// <param name="compute">Starts torch when the first model is needed.</param>
/// <param name="cacheFolder">Where downloaded checkpoints are kept.</param>
internal sealed class ResidentRewardModels(Lazy<Compute> compute, string cacheFolder) : IDisposable
{
    private const int MostKept = 2; // one for helpfulness, one for safety

    private readonly List<(string Checkpoint, ResponseScorer Scorer)> kept = [];

    /// <summary>Bytes of those in memory.</summary>
    public long DeviceBytes => kept.Sum(entry => entry.Scorer.DeviceBytes);

    /// <summary>The reward model of a checkpoint.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="context">The attempt.</param>
    /// <exception cref="CheckpointCorruptException">The checkpoint is torn, missing or changed.</exception>
    /// <exception cref="BadInputException">It is no reward model's.</exception>
    public async Task<ResponseScorer> GetAsync(string checkpoint, JobContext context)
    {
        var at = kept.FindIndex(entry => entry.Checkpoint == checkpoint);
        var found = at >= 0 ? kept[at] : (checkpoint, await LoadAsync(checkpoint, context));
        if (at >= 0) kept.RemoveAt(at);
        kept.Add(found);
        return found.Item2;
    }

    private async Task<ResponseScorer> LoadAsync(string checkpoint, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        var folder = await new CheckpointStore(context.Blobs)
            .DownloadAsync(checkpoint, CheckpointPart.Model, cacheFolder, context.Preemption);
        var info = RewardModelInfo.Load(folder);
        while (kept.Count >= MostKept)
        {
            kept[0].Scorer.Dispose();
            kept.RemoveAt(0);
        }
        return new ResponseScorer(CheckpointFiles.ReadModel(folder, compute.Value.Device), TokenizerLoader.Load(folder), info);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, scorer) in kept) scorer.Dispose();
    }
}

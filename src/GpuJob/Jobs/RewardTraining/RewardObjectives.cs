using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Supervised;
using R1Cloud.Shared.Metrics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Jobs.RewardTraining;

/// <summary>Bradley–Terry: the chosen response of a pair scores higher.</summary>
internal sealed class PairObjective : ISupervisedObjective<PairRow>
{
    /// <inheritdoc/>
    public int Weight(PairRow row) => 1;

    /// <inheritdoc/>
    public int Length(PairRow row) => row.Chosen.Length + row.Rejected.Length;

    /// <inheritdoc/>
    public ObjectiveSums Compute(CausalLm model, IReadOnlyList<PairRow> rows)
    {
        var scores = model.Scores([.. rows.Select(row => row.Chosen), .. rows.Select(row => row.Rejected)]);
        var (chosen, rejected) = (scores.narrow(0, 0, rows.Count), scores.narrow(0, rows.Count, rows.Count));
        return new(Scalars.Use(rows.Count, count => RewardModelLosses.Pairwise(chosen, rejected) * count), new Dictionary<string, Tensor>
        {
            [MetricNames.ScoreAccuracy] = (chosen > rejected).sum(),
            [MetricNames.ScoreMargin] = (chosen - rejected).sum(),
            [MetricNames.ScoreMean] = scores.sum() / Scalars.Of(2),
        });
    }
}

/// <summary>Binary cross entropy: σ(score) is the chance that the response is safe.</summary>
internal sealed class LabelObjective : ISupervisedObjective<LabelRow>
{
    /// <inheritdoc/>
    public int Weight(LabelRow row) => 1;

    /// <inheritdoc/>
    public int Length(LabelRow row) => row.Response.Length;

    /// <inheritdoc/>
    public ObjectiveSums Compute(CausalLm model, IReadOnlyList<LabelRow> rows)
    {
        var scores = model.Scores([.. rows.Select(row => row.Response)]);
        var safe = tensor(rows.Select(row => row.Safe ? 1f : 0f).ToArray(), device: model.Device);
        return new(Scalars.Use(rows.Count, count => RewardModelLosses.Pointwise(scores, safe) * count), new Dictionary<string, Tensor>
        {
            [MetricNames.ScoreAccuracy] = ((scores > Scalars.Zero) == (safe > Scalars.Zero)).sum(),
            [MetricNames.ScoreMean] = scores.sum(),
        });
    }
}

using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Workers;

namespace R1Cloud.Pipeline.Report;

/// <summary>What a run's parts cost. Amounts are null where no price is configured; worker time there is always.</summary>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Stages">The stages that the run made itself, each with its measurement.</param>
/// <param name="BetweenSeconds">Worker seconds outside of all stages: starting, waiting, idle.</param>
/// <param name="SpotSeconds">Of all worker seconds those on nodes that may be preempted.</param>
/// <param name="OnDemandSeconds">Those on other nodes.</param>
/// <param name="Preemptions">Attempts that gave way after saving, and nodes that went away.</param>
/// <param name="LostSeconds">Estimated worker seconds whose work was done again, after failures, losses and preemptions.</param>
/// <param name="BetweenAmount">Price of those outside of all stages.</param>
/// <param name="LostAmount">Price of those that were lost.</param>
public sealed record RunCosting(string Currency, IReadOnlyList<StageCosting> Stages, double BetweenSeconds, double SpotSeconds,
    double OnDemandSeconds, int Preemptions, double LostSeconds, double? BetweenAmount = null, double? LostAmount = null)
{
    /// <summary>Divides a run's worker time among its stages.</summary>
    /// <param name="cost">What it cost in all.</param>
    /// <param name="usage">The pool's books; null where it keeps none.</param>
    /// <param name="workers">The run's workers.</param>
    /// <param name="stages">The stages with the samples that they drew, in order.</param>
    /// <param name="time">Where the workers' time went.</param>
    internal static RunCosting Of(RunCost cost, WorkerUsage? usage, int workers, IEnumerable<(StageReport Stage, double Samples)> stages,
        WorkerTime? time)
    {
        double? Price(double seconds) => cost.PricePerHour > 0 ? seconds / 3600 * cost.PricePerHour : null;
        var parts = stages.Where(one => one.Stage.ReusedFrom is null).Select(one =>
        {
            var seconds = workers * (one.Stage.Time.Wall + one.Stage.EvaluationSeconds);
            var points = Points(one.Stage);
            return new StageCosting(one.Stage.Label, seconds, Price(seconds),
                one.Samples > 0 ? seconds / one.Samples * 1000 : null, one.Samples > 0 ? Price(seconds / one.Samples * 1000) : null,
                points > 0 ? seconds / points : null, points > 0 ? Price(seconds / points.Value) : null);
        }).ToList();
        var between = Math.Max(0, cost.WorkerSeconds - parts.Sum(part => part.WorkerSeconds));
        return new(cost.Currency, parts, between, usage?.SpotSeconds ?? 0, usage?.DedicatedSeconds ?? cost.WorkerSeconds,
            (time?.Preempted ?? 0) + (usage?.Requeues ?? 0), time?.Recomputed ?? 0, Price(between), Price(time?.Recomputed ?? 0));
    }

    // Points of pass@1, in per cent; of greedy accuracy where nothing was sampled.
    private static double? Points(StageReport stage) => (stage.After?.PassAt1 ?? stage.After?.GreedyAccuracy)
        - (stage.Before?.PassAt1 ?? stage.Before?.GreedyAccuracy) is { } gain and > 0 ? gain * 100 : null;
}

/// <summary>What a stage cost.</summary>
/// <param name="Label">Its label.</param>
/// <param name="WorkerSeconds">Its worker seconds, those of its measurement too.</param>
/// <param name="Amount">Their price.</param>
/// <param name="SecondsPerThousandSamples">Worker seconds a thousand samples that it drew; null where it drew none.</param>
/// <param name="PerThousandSamples">Their price.</param>
/// <param name="SecondsPerPoint">Worker seconds a point (per cent) of pass@1 that it gained; null where it gained none.</param>
/// <param name="PerPoint">Their price.</param>
public sealed record StageCosting(string Label, double WorkerSeconds, double? Amount = null,
    double? SecondsPerThousandSamples = null, double? PerThousandSamples = null, double? SecondsPerPoint = null, double? PerPoint = null);

using System.Globalization;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Alerts;

/// <summary>Finds what there is to tell of a run. A kind of alert is a line of <see cref="All"/>.</summary>
internal static class AlertRules
{
    private delegate IEnumerable<Finding> Rule(AlertLook look, NotifyService service);

    private static readonly IReadOnlyDictionary<AlertKind, Rule> All = new Dictionary<AlertKind, Rule>
    {
        [AlertKind.Finished] = Finished, [AlertKind.Failed] = Failed, [AlertKind.WaitingForQuota] = WaitingForQuota,
        [AlertKind.NoProgress] = NoProgress, [AlertKind.RewardCollapse] = RewardCollapse, [AlertKind.NonFinite] = NonFinite,
    };

    /// <summary>The alerts for a service.</summary>
    public static IEnumerable<Alert> Of(AlertLook look, NotifyService service) =>
        from rule in All
        where service.Wants(rule.Key)
        from finding in rule.Value(look, service)
        select new Alert($"{look.Run.Id}/{NameOf(rule.Key)}/{finding.What}", rule.Key, look.Run.Id, look.Run.Name,
            $"Run '{look.Run.Id}' {finding.Text}", look.Now, finding.Stage, finding.Step);

    // What a rule has found.
    private sealed record Finding(string What, string Text, string? Stage = null, int? Step = null);

    private static IEnumerable<Finding> Finished(AlertLook look, NotifyService service)
    {
        if (look.Run.Status != RunStatus.Completed) yield break;
        var measured = look.Run.Stages.LastOrDefault(stage => stage.ControlOf is null
            && stage.Metrics.ContainsKey(MetricNames.EvalPassAt1));
        var score = measured is null ? ""
            : string.Create(CultureInfo.InvariantCulture,
                $" pass@1 of '{measured.Label}' is {measured.Metrics[MetricNames.EvalPassAt1]:0.###}.");
        yield return new($"{look.Generation}", $"is completed.{score}");
    }

    private static IEnumerable<Finding> Failed(AlertLook look, NotifyService service)
    {
        if (look.Run.Status == RunStatus.Failed) yield return new($"{look.Generation}", $"has failed: {look.Run.Error}", FailedStage(look));
    }

    private static IEnumerable<Finding> WaitingForQuota(AlertLook look, NotifyService service)
    {
        if (look.Run is { Status: RunStatus.Running, Workers: { WaitsForQuota: true } workers })
            yield return new(Place(look), $"waits for machines: {workers.LastError}", Current(look)?.Label);
    }

    private static IEnumerable<Finding> NoProgress(AlertLook look, NotifyService service)
    {
        var quiet = Instants.Between(look.ProgressedAt, look.Now);
        if (look.Run.Status == RunStatus.Running && quiet.TotalMinutes >= service.NoProgressMinutes)
        {
            yield return new(Place(look), string.Create(CultureInfo.InvariantCulture,
                $"has finished nothing for {quiet.TotalMinutes:0} minutes."), Current(look)?.Label, Current(look)?.Done);
        }
    }

    private static IEnumerable<Finding> RewardCollapse(AlertLook look, NotifyService service) =>
        from stage in look.Rows.GroupBy(row => row.Stage)
        where !look.Run.Stages.Any(one => one.Label == stage.Key && one.ControlOf is not null)
        from collapse in Collapse.Find([.. stage])
        select new Finding($"{stage.Key}/{collapse.Figure}", $"has lost its {collapse.Figure} in stage '{stage.Key}': "
            + string.Create(CultureInfo.InvariantCulture, $"{collapse.Before:0.###} fell to {collapse.Now:0.###} by step {collapse.Step}."),
            stage.Key, collapse.Step);

    private static IEnumerable<Finding> NonFinite(AlertLook look, NotifyService service)
    {
        foreach (var stage in look.Rows.GroupBy(row => row.Stage))
        {
            var broken = stage.SelectMany(row => row.Values.Select(value => (row.Step, value.Key, value.Value)))
                .FirstOrDefault(figure => !double.IsFinite(figure.Value));
            if (broken.Key is not null)
                yield return new($"{stage.Key}/{broken.Step}", string.Create(CultureInfo.InvariantCulture,
                    $"has a figure that is no number: {broken.Key} of stage '{stage.Key}', step {broken.Step}, is {broken.Value}."),
                    stage.Key, broken.Step);
        }
        foreach (var job in look.Failed.Where(job => job.Error?.Type == nameof(NonFiniteException)))
            yield return new($"{look.Generation}/{job.JobId}", $"has a figure that is no number: {job.Error!.Message}", job.Stage,
                job.Iteration);
    }

    // The same standstill is reported once; the next one is another.
    private static string Place(AlertLook look) => Current(look) is { } stage
        ? string.Create(CultureInfo.InvariantCulture, $"{look.Generation}/{stage.Label}/{stage.Done}") : $"{look.Generation}/begin";

    private static StageView? Current(AlertLook look) =>
        look.Run.Stages.FirstOrDefault(stage => stage.Status is StageStatus.Running or StageStatus.Evaluating);

    private static string? FailedStage(AlertLook look) =>
        look.Run.Stages.FirstOrDefault(stage => stage.Status == StageStatus.Failed)?.Label;

    private static string NameOf(AlertKind kind) => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString());
}

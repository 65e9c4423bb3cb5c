using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Report;

/// <summary>A stage in a sentence: what it did to the figures, or what it made.</summary>
internal static class StageSentence
{
    private const int ReasonsNamed = 3;
    private const string Language = "language";

    /// <summary>What the sentences of a report rest on.</summary>
    public const string Note =
        "Each model against the one that it started from, on the same held-out problems. ± is half of the difference's 95 % confidence "
        + "interval, over the differences problem by problem (paired) "
        + "or, where marked, from the intervals of both means (unpaired, wider). Of such intervals about one in twenty leaves out a true "
            + "zero by chance.";

    /// <summary>The sentence.</summary>
    public static string Of(StageReport stage) => Told(stage) + (stage.EmptyBands == 0 ? ""
        : $" In {FigureText.Count(stage.EmptyBands)} of {FigureText.Count(stage.Steps)} iterations no known problem was in the "
            + "curriculum's band: they asked those whose turn it was.");

    private static string Told(StageReport stage)
    {
        var measured = stage.Benchmarks.Where(benchmark => benchmark.After is not null).ToList();
        if (stage.Effects.Count > 0) return Against(stage) + Sampling(stage);
        if (measured.Count > 0)
            return (stage.Kind == "evaluate" ? $"Measures {stage.From}: " : "Measured: ") + string.Join("; ", measured.Select(Standing))
            + "." + Sampling(stage);
        if (stage.Metrics.TryGetValue(MetricNames.HeldOutAccuracy, out var right)) return RewardModel(stage, right);
        if (stage.Metrics.TryGetValue(MetricNames.SamplesKept, out var kept)) return Data(stage, kept);
        return stage.Checkpoint is null ? "" : "Not measured." + Sampling(stage);
    }

    // The main figure of each benchmark and the language always; another only where it changed.
    private static string Against(StageReport stage)
    {
        var told = stage.Effects.GroupBy(effect => effect.Benchmark).Select(group =>
        {
            var main = Main(group);
            return (Benchmark: group.Key,
                Effects: group.Where(effect =>
                    effect == main || effect.Figure == Language || effect.Verdict is EffectVerdict.Better or EffectVerdict.Worse).ToList());
        }).ToList();
        var verdicts = told.SelectMany(benchmark => benchmark.Effects).Select(effect => effect.Verdict).ToHashSet();
        var verdict = (verdicts.Contains(EffectVerdict.Better), verdicts.Contains(EffectVerdict.Worse)) switch
        {
            (true, false) =>
                stage.Effects.GroupBy(effect => effect.Benchmark).All(group => Main(group).Verdict is EffectVerdict.Better)
                ? "Helps" : "Helps in part",
            (false, true) => "Hurts",
            (true, true) => "Helps and hurts",
            _ => verdicts.Contains(EffectVerdict.NotMeasurable) ? "No measurable change" : "Not tested",
        };
        return
            $"{verdict}, against {stage.From}: {string.Join("; ", told.Select(benchmark => $"{benchmark.Benchmark} {string.Join(", ", benchmark.Effects.Select(effect => Change(stage, effect)))}"))}.";
    }

    private static StageEffect Main(IEnumerable<StageEffect> effects) =>
        effects.FirstOrDefault(effect => effect.Figure == StageEffects.Accuracy)
            ?? effects.FirstOrDefault(effect => !FigureText.IsShare(effect.Figure)) ?? effects.First();

    private static string Change(StageReport stage, StageEffect effect)
    {
        var remark = effect.Verdict switch
        {
            EffectVerdict.NotMeasurable => ": not measurable",
            EffectVerdict.Worse => ": worse",
            EffectVerdict.NotTested => ": not tested",
            _ => "",
        };
        if (effect is { Change: 0, Verdict: EffectVerdict.NotMeasurable })
            return $"{NameOf(stage, effect)} {FigureText.Mean(effect.Figure, effect.After)} as before";
        var unpaired = effect.Test == EffectTest.Unpaired ? ", unpaired" : "";
        return $"{NameOf(stage, effect)} {FigureText.Mean(effect.Figure, effect.Before)} → {FigureText.Mean(effect.Figure, effect.After)} "
            + $"({FigureText.Change(effect.Figure, effect.Change, effect.HalfInterval)}{unpaired}{remark})";
    }

    private static string Standing(BenchmarkReport benchmark)
    {
        var figures = benchmark.After!;
        List<string> parts = [];
        if (figures.PassAt1 is { } mean) parts.Add("pass@1 " + FigureText.Share(mean, figures.PassAt1Interval));
        else if (figures.GreedyAccuracy is { } greedy) parts.Add("greedy accuracy " + FigureText.Share(greedy));
        parts.AddRange(figures.Rewards.Select(reward => $"{reward.Key} {FigureText.Mean(reward.Key, reward.Value)}"));
        if (figures.Format is { } format) parts.Add("format " + FigureText.Share(format));
        return $"{benchmark.Name} {string.Join(", ", parts)}";
    }

    private static string RewardModel(StageReport stage, double right)
    {
        var discrimination = stage.Metrics.TryGetValue(MetricNames.HeldOutAuc, out var auc)
            ? $", area under the ROC curve {FigureText.Number(auc, "0.000")}" : "";
        return $"Judges {FigureText.Share(right)} of the held-out rows right{discrimination}.";
    }

    private static string Data(StageReport stage, double kept)
    {
        var reasons = stage.Metrics
            .Where(metric => metric.Key.StartsWith(MetricNames.SamplesDropped, StringComparison.Ordinal) && metric.Value > 0)
            .OrderByDescending(metric => metric.Value).ThenBy(metric => metric.Key, StringComparer.Ordinal).Take(ReasonsNamed)
            .Select(metric => $"{Reason(metric.Key[MetricNames.SamplesDropped.Length..])} {FigureText.Count(metric.Value)}").ToList();
        var rewritten = stage.Metrics.GetValueOrDefault(MetricNames.SamplesRewritten) is > 0 and var count
            ? $", {FigureText.Count(count)} of them rewritten" : "";
        var of = stage.Metrics.TryGetValue(MetricNames.Questions, out var questions) ? $" of {FigureText.Count(questions)} questions" : "";
        return $"Keeps {FigureText.Count(kept)} of {FigureText.Count(stage.Metrics.GetValueOrDefault(MetricNames.Samples))} "
            + $"samples{of}{rewritten}" + (reasons.Count > 0 ? $"; most dropped for: {string.Join(", ", reasons)}." : ".");
    }

    private static string Reason(string name) => name.StartsWith("below/", StringComparison.Ordinal) ? name["below/".Length..] : name;

    // What dynamic sampling generated and left unused.
    private static string Sampling(StageReport stage) => stage.Metrics.ContainsKey(MetricNames.Rounds)
        ? $" Its last iteration learned "
            + $"from {FigureText.Count(stage.Metrics.GetValueOrDefault(MetricNames.QuestionsUseful) - stage.Metrics.GetValueOrDefault(MetricNames.QuestionsSurplus))} of {FigureText.Count(stage.Metrics.GetValueOrDefault(MetricNames.Questions))} questions asked."
        : "";

    private static string NameOf(StageReport stage, StageEffect effect) =>
        effect.Figure != StageEffects.Accuracy ? effect.Figure
        : stage.Benchmarks.Any(benchmark => benchmark.Name == effect.Benchmark && benchmark.After?.PassAt1 is null)
            ? "greedy accuracy" : "pass@1";
}

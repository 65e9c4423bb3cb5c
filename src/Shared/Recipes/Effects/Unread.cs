using System.Text.Json;

namespace R1Cloud.Shared.Recipes.Effects;

/// <summary>A setting that nothing reads because of others beside it.</summary>
/// <param name="Property">The record's property.</param>
/// <param name="Because">Why nothing does.</param>
/// <param name="Instead">What is done in its place; null for nothing of the kind.</param>
internal sealed record Unread(string Property, string Because, object? Instead = null)
{
    private static readonly Dictionary<Type, Func<object, IEnumerable<Unread>>> Rules = new()
    {
        [typeof(PolicyLossRecipe)] = record => OfLoss((PolicyLossRecipe)record),
        [typeof(OptimizerRecipe)] = record => OfOptimizer((OptimizerRecipe)record),
        [typeof(SamplingRecipe)] = record => OfSampling((SamplingRecipe)record),
        [typeof(RlStage)] = record => OfRl((RlStage)record),
        [typeof(CorpusMix)] = record => OfCorpus((CorpusMix)record),
        [typeof(SampleFilters)] = record => OfFilters((SampleFilters)record),
    };

    /// <summary>The settings of a record that nothing reads.</summary>
    public static IEnumerable<Unread> Of(object record) => Rules.TryGetValue(record.GetType(), out var rule) ? rule(record) : [];

    private static IEnumerable<Unread> OfLoss(PolicyLossRecipe loss)
    {
        var settings = LossSettings.Of(loss.Name);
        foreach (var property in LossSettings.Particular.Except(settings.Reads))
        {
            var readers = string.Join(", ", LossSettings.ReadersOf(property));
            var own = settings.Aggregation is { } aggregation ? $", {Name(aggregation)}" : "";
            yield return property == nameof(PolicyLossRecipe.Aggregation)
                ? new(property, $"{loss.Name} has a way of its own{own}; it is read by {readers}", settings.Aggregation)
                : new(property, $"{loss.Name} does not read it; it is read by {readers}");
        }
        if (loss.KlWeight != 0) yield break;
        const string noTerm = "klWeight is 0: there is no KL term";
        yield return new(nameof(PolicyLossRecipe.KlEstimator), noTerm + " (klMetric measures without one)");
        yield return new(nameof(PolicyLossRecipe.KlTimesRatio), noTerm);
    }

    private static IEnumerable<Unread> OfOptimizer(OptimizerRecipe optimizer)
    {
        if (optimizer.Schedule != LearningRateSchedule.Constant) yield break;
        yield return new(nameof(OptimizerRecipe.FinalRatio), "the schedule is constant: the learning rate stays", 1.0);
    }

    private static IEnumerable<Unread> OfSampling(SamplingRecipe sampling)
    {
        if (sampling.Temperature != 0) yield break;
        const string greedy = "at temperature 0 the most likely token is taken";
        yield return new(nameof(SamplingRecipe.TopP), greedy);
        yield return new(nameof(SamplingRecipe.TopK), greedy, 1);
        yield return new(nameof(SamplingRecipe.MinP), greedy, 1.0);
    }

    private static IEnumerable<Unread> OfRl(RlStage stage)
    {
        if (!stage.Loss.NeedsReference())
            yield return new(nameof(RlStage.ReferenceEvery),
                "there is no reference model: loss.klWeight is 0 and loss.klMetric is not set");
        if (stage.MicroBatchTokens > 0) yield return new(nameof(RlStage.MicroBatchSize), "microBatchTokens takes its place");
    }

    private static IEnumerable<Unread> OfCorpus(CorpusMix corpus)
    {
        if (corpus.Guesses == 0) yield return new(nameof(CorpusMix.GuessAccuracy), "guesses is 0: nothing is guessed");
    }

    private static IEnumerable<Unread> OfFilters(SampleFilters filters)
    {
        if (filters.Language is null && filters.LanguageField is null)
            yield return new(nameof(SampleFilters.MinLanguage), "neither language nor languageField is set");
    }

    private static string Name<T>(T value)
        where T : struct, Enum => JsonSerializer.Serialize(value, R1Json.Options).Trim('"');
}

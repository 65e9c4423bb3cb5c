using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Recipes.Effects;

/// <summary>What data, sampling and measuring do not read.</summary>
internal static class DataEffects
{
    /// <summary>Of how completions are drawn.</summary>
    public static IEnumerable<Unread> OfSampling(SamplingRecipe sampling)
    {
        if (sampling.WhyGreedy() is not { } why) yield break;
        var because = $"{why} the most likely token is taken";
        yield return new(nameof(SamplingRecipe.TopP), because);
        if (sampling.TopK != 1 || sampling.Temperature == 0) yield return new(nameof(SamplingRecipe.TopK), because, 1);
        yield return new(nameof(SamplingRecipe.MinP), because, 1.0);
        if (sampling.Temperature != 0) yield return new(nameof(SamplingRecipe.Temperature), because);
    }

    /// <summary>Of the whole.</summary>
    public static IEnumerable<Unread> OfRecipe(Recipe recipe)
    {
        var stages = recipe.Stages.Values;
        if (recipe.Evaluation is null
            && !stages.Any(stage => stage is RlStage or SampleStage or EvaluateStage or DistillStage { OnPolicy: not null }))
            yield return new(nameof(Recipe.Engine), "no stage samples, and there is no evaluation");
        var prompts = stages.SelectMany(stage => stage is EvaluateStage measure ? PromptsOf(measure.Evaluation)
            : stage.Prompts().Select(prompt => prompt.Prompt)).Concat(PromptsOf(recipe.Evaluation));
        if (prompts.All(prompt => prompt.Template != "chat"))
            yield return new(nameof(Recipe.TemplateDate), "no stage writes by a chat template (prompt.template)");
        if (recipe.Evaluation is not null
            && !stages.Any(stage => stage is RlStage { EvaluateEvery: > 0 } or DistillStage { OnPolicy.EvaluateEvery: > 0 }))
        {
            yield return new([nameof(Recipe.Evaluation), nameof(EvaluationRecipe.Curve)],
                "no stage has a learning curve: evaluateEvery is 0", First(recipe.Evaluation));
        }
    }

    /// <summary>Of a stage that measures.</summary>
    public static IEnumerable<Unread> OfEvaluate(EvaluateStage stage)
    {
        yield return new([nameof(EvaluateStage.Evaluation), nameof(EvaluationRecipe.Curve)],
            "learning curves are of the recipe's own evaluation", First(stage.Evaluation));
    }

    /// <summary>Of pretraining.</summary>
    public static IEnumerable<Unread> OfPretrain(PretrainStage stage, Recipe recipe)
    {
        var known = stage.Corpora().Select(corpus => recipe.Tasks.GetValueOrDefault(corpus.Key)).ToList();
        if (known.Count > 0 && known.TrueForAll(task => task is not (null or NumberWordsTask { Languages.Count: > 1 }
            or RequestsTask { Languages.Count: > 1 })))
        {
            yield return new([nameof(PretrainStage.Corpus), nameof(CorpusMix.MixedLanguage)],
                "no task of the corpus is in several languages");
        }
    }

    /// <summary>Of how problems of tasks are put.</summary>
    public static IEnumerable<Unread> OfPrompt(Recipe recipe, params IEnumerable<string?> tasks)
    {
        var known = tasks.Select(task => task is null ? null : recipe.Tasks.GetValueOrDefault(task)).ToList();
        if (known.Count == 0 || known.Exists(task => task is null or DatasetTask)) yield break;
        yield return new([nameof(RlStage.Prompt), nameof(PromptRecipe.TooLong)],
            "rows of data sets can be left out, and problems that a task makes are made to fit", LongRows.Error);
    }

    /// <summary>Of a model's shape.</summary>
    public static IEnumerable<Unread> OfShape(ModelShape shape)
    {
        if (shape.Experts is { DenseLayers: 0 })
            yield return new(nameof(ModelShape.IntermediateSize), "every layer has experts, whose width is experts.intermediateSize");
    }

    /// <summary>Of how a corpus is mixed.</summary>
    public static IEnumerable<Unread> OfCorpus(CorpusMix corpus)
    {
        if (corpus.Guesses == 0) yield return new(nameof(CorpusMix.GuessAccuracy), "guesses is 0: nothing is guessed");
    }

    /// <summary>Of a data set.</summary>
    public static IEnumerable<Unread> OfDataset(DatasetTask task)
    {
        if (task.HeldOutFiles.Count > 0) yield return new(nameof(DatasetTask.HeldOutPercent), "heldOutFiles says what is held out");
        else if (task.HeldOutPercent == 100)
        {
            const string none = "heldOutPercent is 100: there are no training problems";
            yield return new(nameof(DatasetTask.Difficulty), none);
            yield return new(nameof(DatasetTask.Order), none);
        }
    }

    /// <summary>Of what is not kept.</summary>
    public static IEnumerable<Unread> OfFilters(SampleFilters filters)
    {
        if (filters.Language is null && filters.LanguageField is null)
            yield return new(nameof(SampleFilters.MinLanguage), "neither language nor languageField is set");
    }

    /// <summary>Of how failing jobs are treated.</summary>
    public static IEnumerable<Unread> OfJobs(JobsRecipe jobs)
    {
        if (jobs.MaxAttempts == 1)
            yield return new(nameof(JobsRecipe.RetryDelaySeconds), "maxAttempts is 1: what failed is not tried again");
    }

    // The benchmark that a curve asks by itself.
    private static string? First(EvaluationRecipe? evaluation) =>
        BenchmarksOf(evaluation).Select(benchmark => benchmark.Key).FirstOrDefault();

    private static IEnumerable<PromptRecipe> PromptsOf(EvaluationRecipe? evaluation) =>
        BenchmarksOf(evaluation).Select(benchmark => benchmark.Value.Prompt);

    // None where the recipe says of no benchmark yet, which has a problem of its own.
    private static IReadOnlyList<KeyValuePair<string, BenchmarkRecipe>> BenchmarksOf(EvaluationRecipe? evaluation) =>
        evaluation is { Benchmarks.Count: > 0 } or { Task: not null } ? evaluation.All() : [];
}

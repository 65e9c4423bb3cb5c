using System.Globalization;
using System.Text;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Recipes.Loading;

/// <summary>What a recipe would do, or what is wrong with it: the answer to <c>check</c>.</summary>
/// <param name="File">The recipe's file.</param>
/// <param name="Problems">Everything wrong with it; empty when it can run.</param>
/// <param name="Summary">What it would do; null when it cannot run.</param>
public sealed record RecipeReport(string File, IReadOnlyList<RecipeProblem> Problems, RecipeSummary? Summary)
{
    /// <summary>The report for a terminal: a line a problem, or a table of the stages.</summary>
    public override string ToString() => Summary?.ToString() ?? string.Join(Environment.NewLine,
        [.. Problems.Select(problem => problem.ToString()),
            $"{File}: {(Problems.Count == 1 ? "1 problem" : $"{Problems.Count} problems")}"]);
}

/// <summary>What a recipe would do.</summary>
/// <param name="Name">The recipe's name.</param>
/// <param name="Hash">The first 12 digits of its hash.</param>
/// <param name="Stages">Its stages, in order.</param>
public sealed record RecipeSummary(string Name, string Hash, IReadOnlyList<StageSummary> Stages)
{
    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Name} ({Hash})");
        foreach (var s in Stages.Append(Total))
        {
            text.AppendLine().Append(CultureInfo.InvariantCulture,
                $"  {s.Name,-16} {s.Kind,-16} {(s.Steps is { } steps ? steps.ToString("N0", CultureInfo.InvariantCulture) : "?"),8} "
                + $"steps {s.Jobs,8:N0} jobs {s.Samples,12:N0} samples {s.MaxTokens,15:N0} tokens at most");
        }
        return text.ToString();
    }

    private StageSummary Total =>
        new("total", "", null, Stages.Sum(s => s.Steps), Stages.Sum(s => s.Jobs), Stages.Sum(s => s.Samples), Stages.Sum(s => s.MaxTokens));
}

/// <summary>What a stage would do, its evaluations included.</summary>
/// <param name="Name">The stage.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="From">The stage whose model it starts from.</param>
/// <param name="Steps">Optimizer steps; of fine-tuning on sampled rows, as many as there are at most; null where the rows are known only
/// once the data is.</param>
/// <param name="Jobs">Jobs for the workers.</param>
/// <param name="Samples">Sequences trained on (pretraining) or generated.</param>
/// <param name="MaxTokens">Tokens in them if each were as long as it may be, prompts left out.</param>
public sealed record StageSummary(string Name, string Kind, string? From, long? Steps, long Jobs, long Samples, long MaxTokens);

/// <summary>Checks a recipe without running it.</summary>
public static class RecipeCheck
{
    /// <summary>Loads a recipe and says what it would do. Bad recipes do not throw: their problems are in the report.</summary>
    /// <param name="path">The recipe.</param>
    /// <param name="datasets">Reads the data sets that it names.</param>
    public static RecipeReport Run(string path, IDatasetReader datasets)
    {
        try
        {
            return new(path, [], Summarize(RecipeLoader.LoadFile(path, datasets)));
        }
        catch (RecipeException e)
        {
            return new(path, e.Problems, null);
        }
    }

    /// <summary>What a recipe would do.</summary>
    public static RecipeSummary Summarize(LoadedRecipe loaded)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        var (recipe, _, _) = loaded;
        return new(recipe.Name, loaded.ShortHash, [.. recipe.Expand().Stages.Select(stage => Summarize(stage.Key, stage.Value, recipe))]);
    }

    private static StageSummary Summarize(string name, StageRecipe stage, Recipe recipe) => stage switch
    {
        ImportStage => With(new(name, stage.Kind(), null, 0, 1, 0, 0), recipe.Evaluation),
        PretrainStage s =>
            With(new(name, stage.Kind(), s.From, s.Steps, 1, (long)s.Steps * s.BatchSize,
                (long)s.Steps * s.BatchSize * s.Model.MaxPositions),
                recipe.Evaluation),
        RlStage s => With(Rollouts(name, s), recipe.Evaluation, s.EvaluateEvery > 0 ? (s.Iterations - 1) / s.EvaluateEvery : 0),
        SampleStage s =>
            new(name, stage.Kind(), s.From, 0, s.Shards, (long)s.Questions * s.Samples,
                (long)s.Questions * s.Samples * s.Sampling.MaxNewTokens),
        SftStage s => With(new(name, stage.Kind(), s.From, StepsOf(s, recipe), 1, 0, 0), recipe.Evaluation),
        // a response's length is its data's
        RewardModelStage s => new(name, stage.Kind(), s.From, s.Steps(), 1, (long)s.Epochs * s.Rows, 0),
        EvaluateStage s => With(new(name, stage.Kind(), s.From, 0, 0, 0, 0), s.Evaluation),
        _ => throw new ArgumentException($"Stage {name}: {stage.GetType().Name} has no summary.", nameof(stage)),
    };

    /// <summary>
    /// The most steps that a fine-tuning can have, every question of its data stages keeping as many rows as it may; null where it learns
    /// from a data set too.
    /// </summary>
    public static long? StepsOf(SftStage stage, Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(stage);
        ArgumentNullException.ThrowIfNull(recipe);
        var made = stage.Data.Select(name => recipe.Stages.GetValueOrDefault(name) as SampleStage).ToList();
        if (made.Contains(null)) return null;
        var rows = made.Sum(data => (long)data!.Questions * data.Keep);
        return stage.Epochs * ((rows + stage.BatchSize - 1) / stage.BatchSize);
    }

    private static StageSummary Rollouts(string name, RlStage stage)
    {
        var rounds = (long)stage.MostRounds(); // at most: questions are drawn again where samples teach nothing
        var samples = rounds * stage.Iterations * stage.Questions * stage.GroupSize;
        return new(name, stage.Kind(), stage.From, (long)stage.Iterations * stage.MiniBatches * stage.Epochs,
            stage.Iterations * (rounds * stage.Shards + 1L), samples, samples * stage.Sampling.MaxNewTokens);
    }

    // Each problem is also answered once greedily; points of a learning curve are greedy alone.
    private static StageSummary With(StageSummary stage, EvaluationRecipe? evaluation, int points = 0)
    {
        if (evaluation is null) return stage;
        foreach (var (_, benchmark) in evaluation.All())
            stage = With(stage, benchmark, (long)benchmark.Problems * (benchmark.Samples + 1), 1);
        var curve = evaluation.OfCurve().Value;
        return With(stage, curve, (long)points * curve.Problems, points);
    }

    private static StageSummary With(StageSummary stage, BenchmarkRecipe benchmark, long samples, int jobs) =>
        stage with { Jobs = stage.Jobs + jobs, Samples = stage.Samples + samples,
            MaxTokens = stage.MaxTokens + samples * benchmark.Sampling.MaxNewTokens };
}

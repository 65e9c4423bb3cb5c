using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Plan;

/// <summary>Estimators of stages that make data, and of those that learn from it.</summary>
internal static class DataEstimators
{
    private const int BytesPerToken = 4, CharactersPerToken = 4;

    /// <summary>Rows of a source and a row's tokens, prompt and completion.</summary>
    private readonly record struct Rows(double Count, double Tokens);

    /// <summary>
    /// A stage that samples: completions fan out; every question is taken to keep as many as it may, which bounds the rows from above.
    /// </summary>
    public static StageWork Sample(EstimateContext context, SampleStage stage)
    {
        var work = context.Generate((double)stage.Questions * stage.Samples, stage.Task, stage.Sampling);
        var rows = RowsOf(context, stage);
        if (stage is CollectStage { Rewrite: ModelRewrite rewrite })
        {
            // The rewriting model reads the problem and the draft, and writes anew. It is taken to be as large as the one that is sampled.
            var length = rewrite.Sampling.MaxNewTokens * context.LengthShare;
            work += new StageWork { GeneratedTokens = rows.Count * length,
                GenerationFlops = rows.Count * context.Model.Forward(rows.Tokens + length) };
        }
        return work with { FannedFlops = work.GenerationFlops, Shards = stage.Shards,
            RolloutBytes = rows.Count * rows.Tokens * BytesPerToken };
    }

    /// <summary>
    /// Fine-tuning on as many rows as the sources have at most; null where the rows of a data set cannot be counted here.
    /// </summary>
    public static StageWork? Sft(EstimateContext context, SftStage stage)
    {
        var sources = new Dictionary<string, Rows>();
        foreach (var name in stage.Data)
        {
            if (context.Recipe.Stages.TryGetValue(name, out var made) && made is SampleStage sample)
                sources[name] = RowsOf(context, sample);
            else if (RowsOf(context.Datasets, context.Recipe.Tasks.GetValueOrDefault(name)) is { } rows) sources[name] = rows;
            else return null;
        }
        var unit = stage.Proportions.Count == 0 ? 0 : sources.Min(source => source.Value.Count / stage.Proportions[source.Key]);
        var mixed = sources.Select(source =>
            source.Value with { Count = stage.Proportions.Count == 0 ? source.Value.Count : unit * stage.Proportions[source.Key] })
            .ToList();
        return new()
        {
            TrainedTokens = stage.Epochs * mixed.Sum(rows => rows.Count * rows.Tokens),
            TrainingFlops = stage.Epochs * mixed.Sum(rows => rows.Count * 3 * context.Model.Forward(rows.Tokens)),
            CheckpointBytes = context.Model.CheckpointBytes,
        };
    }

    private static Rows RowsOf(EstimateContext context, SampleStage stage) =>
        new((double)stage.Questions * stage.Keep, context.PromptTokens(stage.Task) + stage.Sampling.MaxNewTokens * context.LengthShare);

    // A data set on this machine is read; one in storage, or one that is not here, is not known.
    private static Rows? RowsOf(IDatasetReader? datasets, TaskRecipe? task)
    {
        if (datasets is null || task is not DatasetTask dataset || dataset.Files.Any(file => BlobReference.Is(file) || !File.Exists(file)))
            return null;
        try
        {
            var facts = datasets.Read(dataset);
            return new(facts.Training, facts.TrainingLength / CharactersPerToken);
        }
        catch (DatasetException)
        {
            return null; // the recipe's check says what is wrong with it
        }
    }
}

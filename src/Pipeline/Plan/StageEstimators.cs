using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Pipeline.Plan;

/// <summary>What an estimator sees.</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Model">The stage's model.</param>
/// <param name="LengthShare">Expected length of a completion as a share of the most that is allowed.</param>
/// <param name="Datasets">Counts the rows of data sets; null where none are read.</param>
internal sealed record EstimateContext(Recipe Recipe, PlanModel Model, double LengthShare, IDatasetReader? Datasets = null)
{
    /// <summary>Prompt tokens of data-set problems, which are not counted before the run.</summary>
    public const int DatasetPromptTokens = 256;

    /// <summary>A prompt's tokens: the longest of a generated task.</summary>
    public double PromptTokens(string task) => TaskBounds.Of(Recipe.Tasks[task])?.PromptTokens ?? DatasetPromptTokens;

    /// <summary>Completions sampled: everything is one forward pass a token, the prompt's included.</summary>
    public StageWork Generate(double completions, string task, SamplingRecipe sampling)
    {
        var length = sampling.MaxNewTokens * LengthShare;
        return new() { GeneratedTokens = completions * length, GenerationFlops = completions * Model.Forward(PromptTokens(task) + length) };
    }

    /// <summary>An evaluation: one greedy answer and k samples a problem of every benchmark.</summary>
    public StageWork Evaluate(EvaluationRecipe evaluation) => evaluation.All()
        .Select(benchmark =>
            Generate((double)benchmark.Value.Problems * (benchmark.Value.Samples + 1), benchmark.Value.Task!, benchmark.Value.Sampling))
        .Aggregate((sum, work) => sum + work);
}

/// <summary>
/// The registry of estimators by the type of the stage's recipe. A kind that is not here has no estimate; one that returns null has none
/// for this stage.
/// </summary>
internal static class StageEstimators
{
    private static readonly Dictionary<Type, Func<EstimateContext, StageRecipe, StageWork?>> All = new()
    {
        [typeof(ImportStage)] = (context, _) => new() { CheckpointBytes = 2 * context.Model.Parameters }, // copied as published, in 16 bits
        [typeof(PretrainStage)] = (context, stage) => Pretrain(context, (PretrainStage)stage),
        [typeof(RlStage)] = (context, stage) => Rl(context, (RlStage)stage),
        [typeof(CollectStage)] = (context, stage) => DataEstimators.Sample(context, (SampleStage)stage),
        [typeof(RejectionSampleStage)] = (context, stage) => DataEstimators.Sample(context, (SampleStage)stage),
        [typeof(SftStage)] = (context, stage) => DataEstimators.Sft(context, (SftStage)stage),
        [typeof(RewardModelStage)] = (context, stage) => RewardModel(context, (RewardModelStage)stage),
        [typeof(EvaluateStage)] = (context, stage) => context.Evaluate(((EvaluateStage)stage).Evaluation),
    };

    /// <summary>The estimator of a stage; null when there is none.</summary>
    public static Func<EstimateContext, StageRecipe, StageWork?>? Find(StageRecipe stage) => All.GetValueOrDefault(stage.GetType());

    private static StageWork Pretrain(EstimateContext context, PretrainStage stage)
    {
        var length = stage.Corpora()
            .Sum(corpus => corpus.Value * (TaskBounds.Of(context.Recipe.Tasks[corpus.Key])?.ExampleTokens ?? stage.Model.MaxPositions))
            / stage.Corpora().Sum(corpus => corpus.Value);
        var sequences = (double)stage.Steps * stage.BatchSize;
        return new()
        {
            TrainedTokens = sequences * length,
            TrainingFlops = sequences * 3 * context.Model.Forward(length), // The backward pass takes twice the forward: 6·N a token.
            CheckpointBytes = context.Model.CheckpointBytes,
        };
    }

    // Responses are taken to be as long as their prompts; a pair is two.
    private static StageWork RewardModel(EstimateContext context, RewardModelStage stage)
    {
        var (length, responses) = (2 * context.PromptTokens(stage.Task), stage.Objective == RewardObjective.Pairwise ? 2 : 1);
        double trained = (double)stage.Rows * stage.Epochs * responses, scored = stage.HeldOut * responses;
        return new()
        {
            TrainedTokens = trained * length,
            ScoredTokens = scored * length,
            TrainingFlops = (3 * trained + scored) * context.Model.Forward(length),
            CheckpointBytes = context.Model.CheckpointBytes,
        };
    }

    private static StageWork Rl(EstimateContext context, RlStage stage)
    {
        const int BytesPerToken = 8; // An id and a log-probability of 4 bytes each.
        var completions = (double)stage.Iterations * stage.Questions * stage.GroupSize;
        var split = new QuestionSplit(stage);
        var sources = stage.PromptSources()
            .Select(source => (source.Source.Task, Completions: (double)split.Total(source.Name) * stage.GroupSize)).ToList();
        var prompts = sources.Sum(source => source.Completions * context.PromptTokens(source.Task)) / completions;
        var length = prompts + stage.Sampling.MaxNewTokens * context.LengthShare;
        var passes = completions * stage.Epochs;
        var scores = stage.Loss.NeedsReference() ? passes : 0;
        var rollouts = sources.Select(source => context.Generate(source.Completions, source.Task, stage.Sampling))
            .Aggregate((a, b) => a + b);
        var work = rollouts with
        {
            FannedFlops = rollouts.GenerationFlops,
            Shards = stage.Shards,
            TrainingShards = stage.UpdateShards,
            TrainedTokens = passes * length,
            ScoredTokens = scores * length,
            TrainingFlops = (3 * passes + scores) * context.Model.Forward(length),
            CheckpointBytes = KeptCheckpoints(stage) * context.Model.CheckpointBytes,
            RolloutBytes = completions * length * BytesPerToken,
        };
        if (stage.EvaluateEvery == 0 || context.Recipe.Evaluation is not { } evaluation) return work;
        // Points of the learning curve are greedy only; the last step is measured as the stage's result.
        var points = (stage.Iterations - 1) / stage.EvaluateEvery;
        var curve = evaluation.OfCurve().Value;
        return work + context.Generate((double)points * curve.Problems, curve.Task!, curve.Sampling);
    }

    /// <summary>Checkpoints that stay: multiples of keepEvery, the last two, and the last reference.</summary>
    internal static int KeptCheckpoints(RlStage stage)
    {
        var reference = stage.ReferenceEvery > 0 ? stage.Iterations / stage.ReferenceEvery * stage.ReferenceEvery : 0;
        return stage.Iterations / stage.KeepEvery
            + new[] { stage.Iterations, stage.Iterations - 1, reference }.Distinct().Count(step => step > 0 && step % stage.KeepEvery != 0);
    }
}

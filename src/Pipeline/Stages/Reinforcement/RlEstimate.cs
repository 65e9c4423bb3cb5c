using R1Cloud.Pipeline.Plan;
using R1Cloud.Shared.Memory;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Stages.Reinforcement;

/// <summary>What reinforcement learning takes: rollouts that fan out, updates, and the points of its learning curve.</summary>
internal static class RlEstimate
{
    /// <summary>The work of all its iterations.</summary>
    public static StageWork Of(EstimateContext context, RlStage stage)
    {
        const int BytesPerToken = 8; // An id and a log-probability of 4 bytes each.
        var completions = (double)stage.Iterations * stage.Questions * stage.GroupSize;
        var split = new QuestionSplit(stage);
        var sources = stage.PromptSources()
            .Select(source => (source.Source.Task, Completions: (double)split.Total(source.Name) * stage.GroupSize)).ToList();
        var prompts = sources.Sum(source => source.Completions * context.PromptTokens(source.Task)) / completions;
        var length = prompts + stage.Sampling.MaxNewTokens * context.LengthShare;
        var passes = completions * stage.Epochs;
        // Old log-probabilities that the trainer computes are one pass, before the first step.
        var scores = passes * ((stage.Loss.NeedsReference() ? 1 : 0) + (stage.Teacher is null ? 0 : 1))
            + (stage.Loss.Recomputes(context.Recipe.Engine) ? completions : 0);
        var rollouts = sources.Select(source => context.Generate(source.Completions, source.Task, stage.Sampling))
            .Aggregate((a, b) => a + b);
        var work = rollouts with
        {
            FannedFlops = rollouts.GenerationFlops,
            Shards = stage.Shards,
            TrainingShards = stage.UpdateShards,
            TrainingReplicas = stage.UpdateReplicas,
            TrainedTokens = passes * length,
            ScoredTokens = scores * length,
            TrainingFlops = (3 * passes + scores) * context.Model.Forward(length),
            Memory = Memory(stage, sources.Max(source => context.PromptTokens(source.Task))),
            CheckpointBytes = stage.KeepStateEvery == 1
                ? KeptCheckpoints(stage) * context.Model.CheckpointBytes
                : KeptCheckpoints(stage) * context.Model.WeightBytes
                    + KeptStates(stage) * (context.Model.CheckpointBytes - context.Model.WeightBytes),
            RolloutBytes = completions * length * BytesPerToken,
        };
        if (stage.EvaluateEvery == 0 || context.Recipe.Evaluation is not { } evaluation) return work;
        // Points of the learning curve are greedy only; the last step is measured as the stage's result.
        var points = (stage.Iterations - 1) / stage.EvaluateEvery;
        var curve = evaluation.OfCurve().Value;
        return work + context.Generate((double)points * curve.Problems, curve.Task!, curve.Sampling);
    }

    // States apart that stay: those of the checkpoints of keepEvery that have one.
    private static int KeptStates(RlStage stage) =>
        Enumerable.Range(1, stage.Iterations / stage.KeepEvery).Count(number => stage.KeepsStateAt(number * stage.KeepEvery));

    private static MemoryDemand Memory(RlStage stage, double prompt)
    {
        var (sampling, training) = (MemoryDemands.OfRollouts(stage, Math.Ceiling((double)stage.Questions / stage.Shards), prompt),
            MemoryDemands.OfUpdate(stage, prompt));
        return training with
        {
            CachedTokens = sampling.CachedTokens, LeastCachedTokens = sampling.LeastCachedTokens, RewardModels = sampling.RewardModels,
        };
    }

    // Checkpoints that stay: multiples of keepEvery, the last two, and the last reference.
    private static int KeptCheckpoints(RlStage stage)
    {
        var reference = stage.ReferenceEvery > 0 ? stage.Iterations / stage.ReferenceEvery * stage.ReferenceEvery : 0;
        return stage.Iterations / stage.KeepEvery
            + new[] { stage.Iterations, stage.Iterations - 1, reference }.Distinct().Count(step => step > 0 && step % stage.KeepEvery != 0);
    }
}

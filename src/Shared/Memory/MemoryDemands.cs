using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Memory;

/// <summary>What settings ask of a device's memory.</summary>
public static class MemoryDemands
{
    /// <summary>Prompt tokens of data-set problems, which are not counted before the run.</summary>
    public const int DatasetPromptTokens = 256;

    /// <summary>A prompt's tokens: the longest of a generated task.</summary>
    public static double PromptTokens(TaskRecipe? task) => TaskBounds.Of(task)?.PromptTokens ?? DatasetPromptTokens;

    /// <summary>Of sampling.</summary>
    /// <param name="samples">Samples a job.</param>
    /// <param name="prompt">Tokens of the longest prompt.</param>
    /// <param name="sampling">How they are drawn.</param>
    public static MemoryDemand OfSampling(double samples, double prompt, SamplingRecipe sampling) =>
        new()
        {
            CachedTokens = MemoryDemand.Cache(samples, prompt + sampling.MaxNewTokens), LeastCachedTokens = prompt + sampling.MaxNewTokens,
        };

    /// <summary>Of an iteration's rollouts.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="questions">Questions of a job.</param>
    /// <param name="prompt">Tokens of the longest prompt.</param>
    public static MemoryDemand OfRollouts(RlStage stage, double questions, double prompt) =>
        OfSampling(questions * stage.GroupSize, prompt, stage.Sampling) with
        {
            Precision = stage.Optimizer.Precision,
            RewardModels = stage.PromptSources().SelectMany(source => source.Source.Rewards)
                .Select(reward => ModelRewardCatalog.StageOf(reward.Key, reward.Value)).OfType<string>().Distinct().Count(),
        };

    /// <summary>Of an iteration's update.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="prompt">Tokens of the longest prompt.</param>
    public static MemoryDemand OfUpdate(RlStage stage, double prompt)
    {
        double longest = prompt + stage.Sampling.MaxNewTokens,
            miniBatch = (double)stage.Questions * stage.GroupSize / stage.MiniBatches / stage.UpdateShards
                / stage.UpdateReplicas,
            rows = stage.MicroBatchSize > 0 ? Math.Min(stage.MicroBatchSize, miniBatch) : miniBatch;
        return new()
        {
            PassTokens = stage.MicroBatchTokens > 0 ? Math.Max(stage.MicroBatchTokens, longest) : Math.Ceiling(rows) * longest,
            Training = stage.Optimizer,
            Reference = stage.Loss.NeedsReference(),
        };
    }

    /// <summary>Of fine-tuning.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="tokens">Tokens of a row.</param>
    public static MemoryDemand Of(SftStage stage, double tokens) => new()
    {
        PassTokens = (stage.MicroBatchSize > 0 ? stage.MicroBatchSize : stage.BatchSize) * tokens, Training = stage.Optimizer,
    };

    /// <summary>Of a reward model.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="tokens">Tokens of a response with its prompt.</param>
    public static MemoryDemand Of(RewardModelStage stage, double tokens) => new()
    {
        PassTokens = (stage.MicroBatchSize > 0 ? stage.MicroBatchSize : stage.BatchSize) * Responses(stage) * tokens,
        Training = stage.Optimizer,
    };

    /// <summary>Of pretraining.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="tokens">Tokens of a sequence.</param>
    public static MemoryDemand Of(PretrainStage stage, double tokens) =>
        new() { PassTokens = stage.BatchSize * tokens, Training = stage.Optimizer };

    /// <summary>Of a stage's jobs, each kind by itself; what is in rows of data is not counted.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="recipe">Its recipe.</param>
    public static IEnumerable<MemoryDemand> Of(StageRecipe stage, Recipe recipe)
    {
        var samples = recipe.Engine == SamplingEngine.Own; // an engine beside the worker has a cache of its own
        switch (stage)
        {
            case RlStage rl:
                var prompt = rl.PromptSources().Select(source => Prompt(source.Source.Task)).DefaultIfEmpty(1).Max();
                if (samples) yield return OfRollouts(rl, Math.Ceiling((double)rl.Questions / rl.Shards), prompt);
                yield return OfUpdate(rl, prompt);
                break;
            case SampleStage sample when samples:
                yield return OfSampling(Math.Ceiling((double)sample.Questions / sample.Shards) * sample.Samples, Prompt(sample.Task),
                    sample.Sampling);
                break;
            case SftStage tuning:
                yield return Of(tuning, tokens: 1);
                break;
            case RewardModelStage rewards:
                yield return Of(rewards, tokens: 1);
                break;
            case PretrainStage pretrain:
                yield return Of(pretrain, tokens: 1);
                break;
        }
        var asked = stage is EvaluateStage measure ? measure.Evaluation : stage.YieldsModel() ? recipe.Evaluation : null;
        foreach (var (_, benchmark) in samples && asked is not null ? asked.All() : [])
            yield return OfSampling(benchmark.Problems * (benchmark.Samples + 1.0), Prompt(benchmark.Task), benchmark.Sampling);

        double Prompt(string? task) => PromptTokens(task is null ? null : recipe.Tasks.GetValueOrDefault(task));
    }

    /// <summary>Responses of a row: a pair is two.</summary>
    public static int Responses(RewardModelStage stage) => stage.Objective == RewardObjective.Pairwise ? 2 : 1;
}

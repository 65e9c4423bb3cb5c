using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Tokenizers;
using R1Cloud.Tokenizers.Prompts;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.RewardModels;

/// <summary>A reward model in memory that scores completions.</summary>
/// <param name="model">The model; disposed with this.</param>
/// <param name="tokenizer">Its tokenizer.</param>
/// <param name="info">How it reads responses, and what its scores are like.</param>
internal sealed class ResponseScorer(CausalLm model, ITokenizer tokenizer, RewardModelInfo info) : IDisposable
{
    private const int AtOnce = 32; // completions in one pass

    private readonly ResponseReader reader = new(info.Prompt, info.Scores, tokenizer, info.TemplateDate);

    /// <summary>Bytes of the model on its device.</summary>
    public long DeviceBytes => model.DeviceBytes;

    /// <summary>What the model was trained for.</summary>
    public RewardObjective Objective => info.Objective;

    /// <summary>
    /// Scores completions: σ(score) of a pointwise model, the score of a pairwise one. A completion without the part that the model reads,
    /// or with a character that its tokenizer lacks, is unparsable and scores as the worst held-out response: less than that would be
    /// guessing, more would pay.
    /// </summary>
    /// <param name="completions">Completions. Those that are scored together give the same scores each time.</param>
    /// <param name="normalize">Whether pairwise scores are brought to mean 0 and deviation 1 on held-out responses.</param>
    public IReadOnlyList<Reward> Score(IReadOnlyList<Completion> completions, bool normalize)
    {
        var limit = model.Config.MaxPositions;
        var read = completions.Select(completion =>
            (Ids: reader.TryRead(Asked(completion), completion.Text, out var lacks), Lacks: lacks)).ToList();
        var fitting = Enumerable.Range(0, read.Count).Where(index => read[index].Ids is { } ids && ids.Length <= limit).ToList();
        var scores = fitting.Zip(Score([.. fitting.Select(index => read[index].Ids!)]))
            .ToDictionary(pair => pair.First, pair => (double)pair.Second);
        return [.. read.Select((response, index) =>
            response.Ids is not { } ids ? new Reward(Value(info.Min), response.Lacks, RewardOutcome.Unparsable)
            : scores.TryGetValue(index, out var score) ? new Reward(Value(score), FormattableString.Invariant($"score {score:0.###}"))
            : Reward.Failed($"{ids.Length} tokens with its prompt; the reward model takes {limit} at most"))];

        double Value(double score) => info.Objective == RewardObjective.Pointwise ? 1 / (1 + Math.Exp(-score))
            : !normalize ? score
            : (score - info.Mean) / (info.Std > 0 ? info.Std : 1);
    }

    private static PromptText Asked(Completion completion) => new(completion.Prompt, completion.Messages,
        completion.Messages is null ? null : Problem.ToolsIn(completion.Fields));

    private List<float> Score(List<int[]> sequences)
    {
        using var _ = no_grad();
        var scores = new List<float>(sequences.Count);
        foreach (var part in sequences.Chunk(AtOnce))
        {
            using var scope = NewDisposeScope();
            scores.AddRange(model.Scores(part).cpu().data<float>().ToArray());
            if (scores.FindIndex(score => !float.IsFinite(score)) is >= 0 and var at)
                throw new NonFiniteException($"The reward model's score of completion {at} is {scores[at]}.");
        }
        return scores;
    }

    /// <inheritdoc/>
    public void Dispose() => model.Dispose();
}

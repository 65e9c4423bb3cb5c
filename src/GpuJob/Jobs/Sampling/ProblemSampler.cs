using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Rewards;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.GpuJob.Verification;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Jobs.Sampling;

/// <summary>A completion of a problem, judged.</summary>
/// <param name="Problem">The problem.</param>
/// <param name="Result">What was generated.</param>
/// <param name="Text">The same as text.</param>
/// <param name="Scored">What the rewards say.</param>
internal sealed record SampledAnswer(Problem Problem, GenerationResult Result, string Text, ScoredCompletion Scored)
{
    /// <summary>The prompt's token ids.</summary>
    public int[] Prompt { get; init; } = [];

    /// <summary>Whether it ended by itself.</summary>
    public bool Finished => Result.Finish == FinishReason.Stop;
}

/// <summary>Puts problems to a model and has its answers judged, beside generation where a reward is slow.</summary>
/// <param name="policy">The model.</param>
/// <param name="scoring">Who judges the answers of a problem, by its index.</param>
/// <param name="prompt">How problems are put.</param>
/// <param name="context">The attempt.</param>
internal sealed class ProblemSampler(Policy policy, Func<int, OverlappedScoring> scoring, PromptRecipe prompt, JobContext context)
{
    /// <summary>A sampler whose answers are all judged alike.</summary>
    public ProblemSampler(Policy policy, OverlappedScoring scoring, PromptRecipe prompt, JobContext context) : this(policy, _ => scoring, prompt, context)
    {
    }

    /// <summary>Asks.</summary>
    /// <param name="problems">The problems.</param>
    /// <param name="sampling">How completions are drawn.</param>
    /// <param name="samples">Completions of each problem.</param>
    /// <param name="seed">The noise of a problem's sample, by their indices.</param>
    /// <returns>By problem, then by sample.</returns>
    public async Task<IReadOnlyList<IReadOnlyList<SampledAnswer>>> AskAsync(IReadOnlyList<Problem> problems, SamplingRecipe sampling, int samples, Func<int, int, ulong> seed)
    {
        var prompts = problems.Select(problem => policy.EncodePrompt(problem.Prompt, prompt)).ToList();
        var early = new Task<SampledAnswer>?[problems.Count, samples];
        var requests = prompts.Select((ids, index) => new GenerationRequest(
            ids, [.. Enumerable.Range(0, samples).Select(sample => seed(index, sample))], policy.Tokenizer.EosIds)
        {
            OnFinished = scoring(index).Overlaps ? (sample, result) => early[index, sample] = JudgeAsync(index, result) : null,
        }).ToList();

        IReadOnlyList<IReadOnlyList<GenerationResult>> results;
        using (context.Time.Measure(TimePart.Generation)) results = policy.Generate(requests, sampling, context.Preemption);
        using var _ = context.Time.Measure(TimePart.Reward);
        var answers = new List<IReadOnlyList<SampledAnswer>>(problems.Count);
        for (var index = 0; index < problems.Count; index++)
            answers.Add(await Task.WhenAll(results[index].Select((result, sample) => early[index, sample] ?? JudgeAsync(index, result))));
        return answers;

        async Task<SampledAnswer> JudgeAsync(int index, GenerationResult result)
        {
            var (problem, text) = (problems[index], policy.Tokenizer.Decode(result.Tokens));
            var scored = await scoring(index).ScoreAsync(new Completion(text, problem.Answer, result.Finish == FinishReason.Stop)
            {
                Prompt = problem.Prompt, Fields = problem.Fields, Tokens = result.Tokens, MaxTokens = sampling.MaxNewTokens,
            }, context.Preemption);
            return new(problem, result, text, scored) { Prompt = prompts[index] };
        }
    }
}

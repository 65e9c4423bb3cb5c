using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Judging;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Rewards;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Tokenizers.Prompts;

namespace R1Cloud.GpuJob.Sampling;

/// <summary>A completion of a problem, judged.</summary>
/// <param name="Problem">The problem.</param>
/// <param name="Result">What was generated.</param>
/// <param name="Text">The assistant's whole turn as text: what the prompt had written of it, and what was generated.</param>
/// <param name="Scored">What the rewards say.</param>
internal sealed record SampledAnswer(Problem Problem, GenerationResult Result, string Text, ScoredCompletion Scored)
{
    /// <summary>The prompt's token ids.</summary>
    public int[] Prompt { get; init; } = [];

    /// <summary>Whether it ended by itself.</summary>
    public bool Finished => Result.Finish == FinishReason.Stop;

    /// <summary>Whether the rewards call it right.</summary>
    public bool IsRight() => Scored.OfFamily("accuracy") >= 1;

    /// <summary>What was rewritten into this; null where nothing was.</summary>
    public string? Draft { get; init; }
}

/// <summary>Puts problems to a model and has its answers judged, beside generation where a reward is slow.</summary>
/// <param name="policy">The model.</param>
/// <param name="scoring">Who judges the answers of a problem, by its index.</param>
/// <param name="prompt">How problems are put.</param>
/// <param name="context">The attempt.</param>
internal sealed class ProblemSampler(Policy policy, Func<int, OverlappedScoring> scoring, PromptRecipe prompt, JobContext context)
{
    /// <summary>A sampler whose answers are all judged alike.</summary>
    public ProblemSampler(Policy policy, OverlappedScoring scoring, PromptRecipe prompt, JobContext context)
        : this(policy, _ => scoring, prompt, context)
    {
    }

    /// <summary>Asks.</summary>
    /// <param name="problems">The problems.</param>
    /// <param name="sampling">How completions are drawn.</param>
    /// <param name="samples">Completions of each problem.</param>
    /// <param name="seed">The noise of a problem's sample, by their indices.</param>
    /// <param name="asked">What the model is asked in place of each problem; null for the problems themselves.</param>
    /// <param name="finished">
    /// Told of each completion as soon as it has ended: problem, sample, result, and what makes its text; from any thread, must be quick.
    /// </param>
    /// <returns>By problem, then by sample.</returns>
    public async Task<IReadOnlyList<IReadOnlyList<SampledAnswer>>> AskAsync(IReadOnlyList<Problem> problems, SamplingRecipe sampling,
        int samples, Func<int, int, ulong> seed, IReadOnlyList<string>? asked = null,
        Action<int, int, GenerationResult, Func<string>>? finished = null)
    {
        var prompts = problems.Select((problem, index) => Encode(asked?[index] ?? problem.Asked)).ToList();
        var limit = policy.Model.Config.MaxPositions - 1;
        if (prompts.FindIndex(encoded => encoded.Ids.Length > limit) is >= 0 and var tooLong)
            throw new BadInputException(
                $"{problems[tooLong].Origin ?? $"Problem '{problems[tooLong].Id}'"}: its prompt has {prompts[tooLong].Ids.Length} tokens; "
                + $"allowed are {limit} (the model's positions less one).");
        var early = new Task<SampledAnswer>?[problems.Count, samples];
        var requests = prompts.Select((encoded, index) => new GenerationRequest(
            encoded.Ids, [.. Enumerable.Range(0, samples).Select(sample => seed(index, sample))], policy.Tokenizer.EosIds)
        {
            OnFinished = scoring(index).Overlaps || finished is not null ? (sample, result) => Finished(index, sample, result) : null,
        }).ToList();

        IReadOnlyList<IReadOnlyList<GenerationResult>> results;
        using (context.Time.Measure(TimePart.Generation)) results = policy.Generate(requests, sampling, context.Preemption);
        using var _ = context.Time.Measure(TimePart.Reward);
        var answers = new List<IReadOnlyList<SampledAnswer>>(problems.Count);
        for (var index = 0; index < problems.Count; index++)
            answers.Add(
                await CompleteAsync(scoring(index), sampling.MaxNewTokens,
                    await Task.WhenAll(results[index].Select((result, sample) => early[index, sample] ?? JudgeAsync(index, result)))));
        return answers;

        void Finished(int index, int sample, GenerationResult result)
        {
            finished?.Invoke(index, sample, result, () => TextOf(index, result));
            if (scoring(index).Overlaps) early[index, sample] = JudgeAsync(index, result);
        }

        string TextOf(int index, GenerationResult result) => prompts[index].Turn(policy.Tokenizer.Decode(result.Tokens));

        async Task<SampledAnswer> JudgeAsync(int index, GenerationResult result)
        {
            var (problem, text) = (problems[index], TextOf(index, result));
            var scored = await scoring(index).ScoreAsync(Completion(problem, sampling.MaxNewTokens, result, text), context.Preemption);
            return new(problem, result, text, scored) { Prompt = prompts[index].Ids };
        }
    }

    /// <summary>Judges a text that nobody sampled as if the model had written it.</summary>
    /// <exception cref="BadInputException">The tokenizer cannot write it.</exception>
    public async Task<SampledAnswer> JudgeTextAsync(Problem problem, string text)
    {
        var result = new GenerationResult(policy.Tokenizer.EncodeCompletion(text), [], [], FinishReason.Stop);
        using var _ = context.Time.Measure(TimePart.Reward);
        var scored = await scoring(0).ScoreAsync(Completion(problem, maxTokens: 0, result, text), context.Preemption);
        return (await CompleteAsync(scoring(0), maxTokens: 0, [new(problem, result, text, scored)]))[0];
    }

    /// <summary>Whether the model has room for a prompt and an answer of the longest allowed.</summary>
    public bool Fits(string asked, SamplingRecipe sampling) =>
        Encode(asked).Ids.Length + sampling.MaxNewTokens <= policy.Model.Config.MaxPositions;

    private EncodedPrompt Encode(PromptText asked) => policy.EncodePrompt(asked, prompt, context.Spec.Payload.TemplateDate);

    private static async Task<IReadOnlyList<SampledAnswer>> CompleteAsync(OverlappedScoring scoring, int maxTokens, SampledAnswer[] answers)
    {
        var scored =
            await scoring.CompleteAsync([.. answers.Select(answer => Completion(answer.Problem, maxTokens, answer.Result, answer.Text))],
                [.. answers.Select(answer => answer.Scored)]);
        return [.. answers.Zip(scored, (answer, complete) => answer with { Scored = complete })];
    }

    private static Completion Completion(Problem problem, int maxTokens, GenerationResult result, string text) =>
        new(text, problem.Answer, result.Finish == FinishReason.Stop)
    {
        Prompt = problem.Prompt, Messages = problem.Messages, Fields = problem.Fields, Tokens = result.Tokens, MaxTokens = maxTokens,
    };
}

using R1Cloud.Pipeline.Model;

namespace R1Cloud.Pipeline.Runs;

/// <summary>A row as the trainer writes it. What rows of earlier versions lack is null.</summary>
internal sealed record StoredSample
{
    private const string Scored = "scored";

    private static readonly string[] Outcomes = ["unparsable", "timeout", "error"];

    public string? Source { get; init; }
    public required string Question { get; init; }
    public string Completion { get; init; } = "";
    public string? Answer { get; init; }
    public bool? Correct { get; init; }
    public bool? Formatted { get; init; }
    public bool Greedy { get; init; }
    public int? Tokens { get; init; }
    public double? Reward { get; init; }
    public bool Dropped { get; init; }
    public IReadOnlyDictionary<string, string> Reasons { get; init; } = new Dictionary<string, string>();
    public int? Number { get; init; }
    public int? Sample { get; init; }
    public string? Problem { get; init; }
    public int? Checkpoint { get; init; }
    public string? Engine { get; init; }
    public bool? Truncated { get; init; }
    public IReadOnlyDictionary<string, double>? Scores { get; init; }

    /// <summary>The row for people.</summary>
    /// <param name="place">Its place in the set, by which rows of earlier versions are numbered.</param>
    /// <param name="group">Samples a question.</param>
    /// <param name="weight">The weight of a reward function.</param>
    public SampleRowView View(int place, int group, Func<string?, string, double?> weight) => new()
    {
        Question = Number ?? place / group, Sample = Sample ?? place % group, Problem = Problem, Prompts = Source, Checkpoint = Checkpoint,
        Engine = Engine,
        Prompt = Question, PromptChars = Question.Length, Completion = Completion, CompletionChars = Completion.Length, Answer = Answer,
        Correct = Correct, Formatted = Formatted, Greedy = Greedy, Truncated = Truncated, Dropped = Dropped, Tokens = Tokens,
        Reward = Reward,
        Rewards = [.. Reasons.Select(reason => RewardOf(reason.Key, reason.Value, ScoreOf(reason.Key), weight(Source, reason.Key)))],
    };

    /// <summary>What a reward function said. A reason that is not a verdict's begins with what happened instead.</summary>
    /// <param name="name">The function.</param>
    /// <param name="reason">Its reason.</param>
    /// <param name="score">Its score.</param>
    /// <param name="weight">Its weight.</param>
    public static SampleReward RewardOf(string name, string reason, double? score, double? weight)
    {
        var outcome = Outcomes.FirstOrDefault(one => reason.StartsWith(one + ": ", StringComparison.Ordinal));
        return outcome is null ? new(name, Scored, reason, score, weight)
            : new(name, outcome, reason[(outcome.Length + 2)..], score, weight);
    }

    private double? ScoreOf(string name) => Scores is not null && Scores.TryGetValue(name, out var score) ? score : null;
}

using System.Text.Json;
using R1Cloud.Rewards.Code;
using R1Cloud.Rewards.Instructions;
using R1Cloud.Rewards.Language;
using R1Cloud.Rewards.Length;
using R1Cloud.Rewards.Mathematics;
using R1Cloud.Rewards.Puzzles;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Texts;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards;

/// <summary>The registry of reward functions by the name that recipes use; each is made from its typed options.</summary>
internal static class RewardFunctions
{
    private static readonly Dictionary<string, RewardKind> Known = new(StringComparer.Ordinal)
    {
        ["accuracy/code"] = Kind<CodeOptions>(CodeReward.Function),
        ["accuracy/exact"] = Kind<ExactOptions>(options => new ExactAnswer(options).Score),
        ["accuracy/math"] = Kind<MathOptions>(options => completion => MathAnswer.Score(completion, options)),
        ["accuracy/regex"] = Kind<RegexRewardOptions>(options => new RegexAnswer(options).Score),
        ["accuracy/multiple-choice"] = Kind<MultipleChoiceOptions>(options => new MultipleChoice(options).Score),
        ["accuracy/countdown"] = Kind<CountdownOptions>(options => new Countdown(options).Score),
        ["format/think-answer"] = Kind<NoRewardOptions>(_ => ThinkAnswerFormat.Score),
        ["format/r1-strict"] = Kind<NoRewardOptions>(_ => FormatRewards.R1Strict),
        ["format/think"] = Kind<NoRewardOptions>(_ => FormatRewards.Think),
        ["format/tag-count"] = Kind<NoRewardOptions>(_ => FormatRewards.TagCount),
        ["format/reasoning-steps"] = Kind<ReasoningStepsOptions>(FormatRewards.ReasoningSteps),
        ["language/consistency"] = Kind<LanguageOptions>(options => new LanguageConsistency(options).Score),
        ["length/overlong"] = Kind<OverlongOptions>(options => new OverlongPenalty(options).Score),
        ["length/cosine"] = Kind<CosineOptions>(options => new CosineLength(options).Score, looksAtVerdicts: true),
        ["repetition/ngram"] = Kind<RepetitionOptions>(options => new Repetition(options).Score),
        ["instructions/ifeval"] = Kind<InstructionOptions>(options => new InstructionReward(options).Score),
        ["helpful/model"] = Kind<HelpfulModelOptions>(_ => ByModel) with { ByModel = true },
        ["safety/model"] = Kind<SafetyModelOptions>(_ => ByModel) with { ByModel = true },
    };

    /// <summary>All rewards by name.</summary>
    public static IReadOnlyDictionary<string, RewardKind> All => Known;

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <summary>The function of that name with its default options.</summary>
    /// <exception cref="BadInputException">There is none, or it has options that must be given.</exception>
    public static RewardFunction Get(string name) => Create(name, options: null);

    /// <summary>The function of that name.</summary>
    /// <param name="name">Its name in a recipe.</param>
    /// <param name="options">Its options; null for the defaults.</param>
    /// <exception cref="BadInputException">There is none, or an option is unknown, missing or not allowed; the message says what
    /// is.</exception>
    public static RewardFunction Create(string name, JsonElement? options) => Find(name).Create(name, options);

    /// <summary>The reward of that name.</summary>
    /// <exception cref="BadInputException">There is none; the message lists those there are.</exception>
    public static RewardKind Find(string name) =>
        Known.TryGetValue(name, out var kind)
            ? kind
            : throw new BadInputException(
                $"There is no reward '{name}'. Known: {string.Join(", ", Known.Keys.Order(StringComparer.Ordinal))}.");

    // Scored in batches by Models.ModelRewards, which a job with reward models has.
    private static Reward ByModel(Completion completion) =>
        throw new BadInputException("A reward that a model gives is scored inside a run, whose recipe has a stage of kind reward-model.");

    private static RewardKind Kind<TOptions>(Func<TOptions, RewardFunction> create, bool looksAtVerdicts = false)
        where TOptions : notnull =>
            new(typeof(TOptions), (name, options) => create(RewardOptions.Bind<TOptions>(name, options)), looksAtVerdicts);
}

/// <summary>A registered reward.</summary>
/// <param name="OptionType">The record of its options.</param>
/// <param name="Create">Makes the function from the reward's name and options.</param>
/// <param name="LooksAtVerdicts">Whether it is scored after the others and sees what they said.</param>
internal sealed record RewardKind(Type OptionType, Func<string, JsonElement?, RewardFunction> Create, bool LooksAtVerdicts)
{
    /// <summary>Whether a reward model gives it, many completions at a time.</summary>
    public bool ByModel { get; init; }
}

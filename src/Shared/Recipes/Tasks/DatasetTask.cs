using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>Problems from files.</summary>
public sealed record DatasetTask : TaskRecipe
{
    /// <summary>The extensions of files that can be read.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".jsonl", ".ndjson", ".parquet"];

    /// <inheritdoc/>
    public override bool HasPairs() => Layout == DatasetLayout.Preferences;

    /// <inheritdoc/>
    public override bool HasLabels() => Layout == DatasetLayout.Labels;

    /// <summary>
    /// The files, <c>.jsonl</c> or <c>.parquet</c>: local paths (relative ones from the recipe's folder), <c>blob:PATH</c> in the run's
    /// storage, or <c>hf:ORG/NAME[/CONFIG[/SPLIT]][@REVISION]</c> on the Hub.
    /// </summary>
    [NotEmpty, DataFile]
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>How the files' columns are named.</summary>
    public DatasetLayout Layout { get; init; } = DatasetLayout.Plain;

    /// <summary>Only rows of this <c>domain</c>; null for all.</summary>
    public string? Domain { get; init; }

    /// <summary>What the model reads; <c>{prompt}</c> stands for the row's problem.</summary>
    [Contains("{prompt}")]
    public string Template { get; init; } = "{prompt}";

    /// <summary>
    /// Files of the same layout whose problems are held out for evaluation; those of <c>files</c> that they share 10 words with are left
    /// out.
    /// </summary>
    [DataFile]
    public IReadOnlyList<string> HeldOutFiles { get; init; } = [];

    /// <summary>
    /// Share of the problems, chosen by hash, that is held out where there are no <c>heldOutFiles</c>, in percent (100: none is learned
    /// from).
    /// </summary>
    [Bounds(Min = 0, Max = 100)]
    public int HeldOutPercent { get; init; } = 10;

    /// <summary>Evaluation sets: training problems that share 10 words in a row with one of theirs are left out.</summary>
    [DataFile]
    public IReadOnlyList<string> Against { get; init; } = [];

    /// <summary>Leaves out training problems that are too easy or too hard to learn from; null for none.</summary>
    public DifficultyRecipe? Difficulty { get; init; }

    /// <summary>Leaves out preference pairs that say little or reward length; null for none. Only with the layout preferences.</summary>
    public PairFilters? Pairs { get; init; }

    /// <summary>Decides the order of training problems; what is held out does not depend on it.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>The order in which training problems are drawn.</summary>
    public DatasetOrder Order { get; init; } = DatasetOrder.Shuffled;

    /// <summary>Every file that is read.</summary>
    public IEnumerable<string> AllFiles() =>
        [.. Files, .. HeldOutFiles, .. Against, .. Difficulty?.PassRates is { } rates ? (string[])[rates] : []];
}

/// <summary>
/// Which training problems are neither too easy nor too hard, by the share of a model's samples that was right. Problems without one stay.
/// </summary>
public sealed record DifficultyRecipe
{
    /// <summary>A file of rows with a problem's text and its <c>pass_rate</c>; null takes the data set's own column.</summary>
    [DataFile]
    public string? PassRates { get; init; }

    /// <summary>Pass rates must be above this: 0 drops what is always wrong.</summary>
    [Bounds(Min = 0, Max = 1)]
    public double Above { get; init; }

    /// <summary>Pass rates must be below this: 1 drops what is always right.</summary>
    [Bounds(Min = 0, Max = 1)]
    public double Below { get; init; } = 1;
}

/// <summary>
/// Which preference pairs stay (DeepSeek-R1, supplement: score gaps above 1, chosen and rejected responses of comparable length).
/// </summary>
public sealed record PairFilters
{
    /// <summary>Pairs with a <c>gap</c> column below this are left out; pairs without one stay.</summary>
    [Bounds(Min = 0)]
    public double MinimumGap { get; init; }

    /// <summary>
    /// Greatest difference between the mean lengths of chosen and rejected responses, as a share of their mean; the pairs that differ most
    /// are left out until it holds. Null for any.
    /// </summary>
    [Bounds(Above = 0, Max = 2)]
    public double? LengthTolerance { get; init; }
}

/// <summary>How a data set's columns are named.</summary>
public enum DatasetLayout
{
    /// <summary>
    /// <c>prompt</c>, <c>question</c>, <c>problem</c> or <c>messages</c>; <c>answer</c>, <c>tests</c> or <c>instruction_id_list</c>.
    /// </summary>
    Plain,
    /// <summary>
    /// <c>prompt</c>, <c>question</c>, <c>problem</c>, and <c>completion</c>, <c>response</c> or <c>output</c>; or <c>messages</c> of which
    /// the last is the assistant's: what fine-tuning learns from.
    /// </summary>
    Completions,
    /// <summary><c>question</c>; <c>answer</c> that ends in <c>#### 42</c>.</summary>
    Gsm8k,
    /// <summary><c>problem</c>; <c>answer</c>, or a <c>solution</c> that ends in <c>\boxed{42}</c>.</summary>
    Math,
    /// <summary><c>nums</c> (or <c>numbers</c>) and <c>target</c>.</summary>
    Countdown,
    /// <summary><c>prompt</c>, <c>entry_point</c>, <c>test</c>.</summary>
    [System.Text.Json.Serialization.JsonStringEnumMemberName("humaneval")]
    HumanEval,
    /// <summary><c>text</c> (or <c>prompt</c>), <c>test_list</c>, <c>test_setup_code</c>.</summary>
    Mbpp,
    /// <summary>
    /// <c>prompt</c> (or <c>messages</c>), <c>chosen</c>, <c>rejected</c>, and <c>gap</c> where one is known: preference pairs.
    /// </summary>
    Preferences,
    /// <summary><c>prompt</c> (or <c>messages</c>), <c>response</c>, <c>safe</c>: labelled responses.</summary>
    Labels,
}

/// <summary>The order in which training problems are drawn.</summary>
public enum DatasetOrder
{
    /// <summary>Each once in a random order, then all again in another.</summary>
    Shuffled,
    /// <summary>At random out of a window, a fifth of the set, that slides from the easiest to the hardest as the stage goes on.</summary>
    EasyToHard,
}

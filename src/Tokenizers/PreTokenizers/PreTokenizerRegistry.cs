using R1Cloud.Tokenizers.Json;
using R1Cloud.Tokenizers.Patterns;

namespace R1Cloud.Tokenizers.PreTokenizers;

/// <summary>The pre-tokenizers of <c>tokenizer.json</c> by type.</summary>
internal static class PreTokenizerRegistry
{
    private static readonly Dictionary<string, SplitBehavior> Behaviors = Enum.GetValues<SplitBehavior>()
        .ToDictionary(behavior => behavior.ToString());

    private static readonly Dictionary<string, Func<Component, IPreTokenizer>> Builders = new()
    {
        ["ByteLevel"] = part => new ByteLevelPreTokenizer(part.Flag("add_prefix_space", true), part.Flag("use_regex", true)),
        ["Split"] = part =>
            new SplitPreTokenizer(Pattern(part.Field("pattern")), part.Choice("behavior", "Isolated", Behaviors), part.Flag("invert")),
        ["Digits"] = part => new SplitPreTokenizer(
            CodePointRegex.Of(part.Flag("individual_digits") ? @"\p{N}" : @"\p{N}+"), SplitBehavior.Isolated, invert: false),
        ["Punctuation"] = part => new SplitPreTokenizer(
            CodePointRegex.Of(@"[\p{P}$+<=>^`|~]"), part.Choice("behavior", "Isolated", Behaviors), invert: false),
        ["Whitespace"] = _ => new SplitPreTokenizer(CodePointRegex.Of(@"\w+|[^\w\s]+"), SplitBehavior.Removed, invert: true),
        ["WhitespaceSplit"] = _ => new SplitPreTokenizer(CodePointRegex.Of(@"\s"), SplitBehavior.Removed, invert: false),
        ["CharDelimiterSplit"] = part => new SplitPreTokenizer(
            CodePointRegex.Of(Literal(part.Text("delimiter"))), SplitBehavior.Removed, invert: false),
        ["Metaspace"] = MetaspacePreTokenizer.Create,
        ["Sequence"] = part => new SequencePreTokenizer([.. part.Items("pretokenizers").Select(Create)]),
    };

    /// <summary>The pre-tokenizer that a part of the file describes.</summary>
    public static IPreTokenizer Create(Component part) => part.Build(Builders);

    private static CodePointRegex Pattern(Component pattern) =>
        pattern.Optional("String")?.AsText() is { } text ? CodePointRegex.Of(Literal(text)) : CodePointRegex.Parse(pattern.Field("Regex"));

    private static string Literal(string text) => string.Concat(text.Select(OnigurumaPattern.Escape));
}

namespace R1Cloud.Tokenizers.Prompts;

/// <summary>Where a prompt begins the assistant's thinking.</summary>
internal static class ThinkingTurn
{
    /// <summary>The mark.</summary>
    public const string Think = "<think>";

    /// <summary>What a prompt opens at its end: <c>&lt;think&gt;</c> and the space behind it; empty where it opens nothing.</summary>
    public static string OpenedBy(string prompt) =>
        prompt.AsSpan().TrimEnd().EndsWith(Think, StringComparison.Ordinal)
        ? prompt[prompt.LastIndexOf(Think, StringComparison.Ordinal)..] : "";
}

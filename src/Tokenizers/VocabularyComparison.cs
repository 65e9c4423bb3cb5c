namespace R1Cloud.Tokenizers;

/// <summary>
/// Whether two models mean the same by an id. Templates and marks may differ: a base model and a tuned one have one vocabulary.
/// </summary>
internal static class VocabularyComparison
{
    /// <summary>In what two tokenizers' vocabularies differ, in words; null where they do not.</summary>
    public static string? Difference(this ITokenizer one, ITokenizer other)
    {
        for (var id = 0; id < Math.Max(one.VocabularySize, other.VocabularySize); id++)
        {
            var (here, there) = (TextOf(one, id), TextOf(other, id));
            if (here != there) return $"id {id} is {Shown(here)} in one and {Shown(there)} in the other";
        }
        return null;
    }

    private static string? TextOf(ITokenizer tokenizer, int id) =>
        id < tokenizer.VocabularySize && tokenizer.HasToken(id) ? tokenizer.Decode([id], keepSpecial: true) : null;

    private static string Shown(string? text) => text is null ? "no token" : $"'{text}'";
}

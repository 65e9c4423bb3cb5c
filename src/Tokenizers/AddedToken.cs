using R1Cloud.Tokenizers.Json;

namespace R1Cloud.Tokenizers;

/// <summary>A token that is found in texts before anything else.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="SingleWord">Whether it counts only where no word character touches it.</param>
/// <param name="StripLeft">Whether white space before it goes with it.</param>
/// <param name="StripRight">Whether white space behind it goes with it.</param>
/// <param name="Normalized">Whether it is looked for in the normalised text.</param>
/// <param name="Special">Whether it is a control token, which decoding may leave out.</param>
internal sealed record AddedToken(int Id, string Content, bool SingleWord, bool StripLeft, bool StripRight, bool Normalized, bool Special)
{
    /// <summary>
    /// Whether text that somebody wrote never means it, and decoding leaves it out. R1's tags are text, whatever a tokenizer calls them.
    /// </summary>
    public bool IsControl => Special && !SymbolTokenizer.Tags.Contains(Content);

    /// <summary>An entry of <c>added_tokens</c>, or of <c>added_tokens_decoder</c> with its key as the id.</summary>
    public static AddedToken Read(Component part, int? id = null) => new(
        id ?? TokenIds.Read(part.Field("id")), part.Text("content"), part.Flag("single_word"), part.Flag("lstrip"), part.Flag("rstrip"),
        part.Flag("normalized", !part.Flag("special")), part.Flag("special"));
}

namespace R1Cloud.Tokenizers.Decoders;

/// <summary>How tokens become text: what Hugging Face's chain of decoders amounts to, in a form that works token by token.</summary>
/// <param name="Steps">What happens to each token, in order; told whether it is the first.</param>
/// <param name="Bytes">How tokens write bytes.</param>
/// <param name="Separator">What stands between tokens.</param>
/// <param name="StripCharacter">A character that is taken off the beginning of the text…</param>
/// <param name="StripCount">…at most so often.</param>
internal sealed record DecoderPlan(
    IReadOnlyList<Func<string, bool, string>> Steps, TokenBytes Bytes, string Separator = "", char StripCharacter = '\0',
        int StripCount = 0)
{
    /// <summary>Tokens are text as they are.</summary>
    public static DecoderPlan Plain { get; } = new([], TokenBytes.None);
}

/// <summary>How tokens write bytes that are not text by themselves.</summary>
internal enum TokenBytes
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Every character is a byte of GPT-2's alphabet.</summary>
    Alphabet,

    /// <summary>Tokens such as <c>&lt;0x0A&gt;</c> are bytes.</summary>
    Fallback,
}

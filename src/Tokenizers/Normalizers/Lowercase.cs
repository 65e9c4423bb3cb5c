namespace R1Cloud.Tokenizers.Normalizers;

/// <summary>
/// Lower case as Rust's <c>char::to_lowercase</c> gives it, which Hugging Face's normaliser applies one character at a time.
/// </summary>
internal static class Lowercase
{
    /// <summary>The lower-case text. One letter becomes two: I with a dot above.</summary>
    public static string Of(string text) => string.Join("i\u0307", text.Split('\u0130').Select(part => part.ToLowerInvariant()));
}

namespace R1Cloud.Tokenizers.Normalizers;

/// <summary>Changes a text before it is split.</summary>
internal interface INormalizer
{
    /// <summary>The changed text.</summary>
    string Normalize(string text);
}

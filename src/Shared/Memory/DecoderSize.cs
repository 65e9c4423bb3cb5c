namespace R1Cloud.Shared.Memory;

/// <summary>What of a decoder decides its memory.</summary>
/// <param name="Parameters">Parameters, the embedding counted once when tied.</param>
/// <param name="Layers">Decoder layers.</param>
/// <param name="AttentionWidth">Query heads × head size (the mean of the query's and the value's, where they differ).</param>
/// <param name="Hidden">Width of hidden states.</param>
/// <param name="Inner">Width of the feed-forward layer that a token passes through; of experts, all that it takes.</param>
/// <param name="CacheWidth">Numbers that a layer keeps of a token.</param>
/// <param name="Vocabulary">Rows of the output projection.</param>
public sealed record DecoderSize(double Parameters, int Layers, int AttentionWidth, double Hidden, double Inner, int CacheWidth,
    double Vocabulary);

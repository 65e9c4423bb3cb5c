namespace R1Cloud.Tokenizers.PreTokenizers;

/// <summary>Takes the pieces of a text.</summary>
/// <param name="piece">The piece; it may not outlive the call.</param>
/// <param name="atStart">Whether it is where the whole text begins.</param>
internal delegate void PieceHandler(ReadOnlySpan<char> piece, bool atStart);

/// <summary>Splits a text into the pieces within which tokens are merged.</summary>
internal interface IPreTokenizer
{
    /// <summary>Gives the pieces of a text, in order, to the next step.</summary>
    void Split(ReadOnlySpan<char> text, bool atStart, PieceHandler next);
}

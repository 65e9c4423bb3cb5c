namespace R1Cloud.Tokenizers.PreTokenizers;

/// <summary>Several pre-tokenizers, each on the pieces of the one before it.</summary>
internal sealed class SequencePreTokenizer(IReadOnlyList<IPreTokenizer> steps) : IPreTokenizer
{
    /// <summary>The steps.</summary>
    public IReadOnlyList<IPreTokenizer> Steps { get; } = steps;

    /// <inheritdoc/>
    public void Split(ReadOnlySpan<char> text, bool atStart, PieceHandler next)
    {
        for (var i = Steps.Count - 1; i > 0; i--)
        {
            var (step, after) = (Steps[i], next);
            next = (piece, first) => step.Split(piece, first, after);
        }
        if (Steps.Count == 0) next(text, atStart);
        else Steps[0].Split(text, atStart, next);
    }
}

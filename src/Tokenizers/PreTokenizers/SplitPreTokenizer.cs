using R1Cloud.Tokenizers.Patterns;

namespace R1Cloud.Tokenizers.PreTokenizers;

/// <summary>Splits at the matches of a pattern.</summary>
/// <param name="pattern">What delimits pieces.</param>
/// <param name="behavior">What becomes of the delimiters.</param>
/// <param name="invert">Whether the pattern describes the pieces and what lies between them delimits.</param>
internal sealed class SplitPreTokenizer(CodePointRegex pattern, SplitBehavior behavior, bool invert) : IPreTokenizer
{
    /// <inheritdoc/>
    public void Split(ReadOnlySpan<char> text, bool atStart, PieceHandler next)
    {
        var folder = new Folder(text, atStart, behavior, next);
        var end = 0;
        foreach (var (start, stop) in pattern.Matches(text))
        {
            if (start > end) folder.Add(end, start, isDelimiter: invert);
            if (stop > start) folder.Add(start, stop, isDelimiter: !invert);
            end = stop;
        }
        if (end < text.Length) folder.Add(end, text.Length, isDelimiter: invert);
        folder.Flush();
    }

    // Folds delimiters and what lies between them into pieces.
    private ref struct Folder(ReadOnlySpan<char> text, bool atStart, SplitBehavior behavior, PieceHandler next)
    {
        private readonly ReadOnlySpan<char> text = text;
        private int heldStart, heldEnd;
        private bool heldIsDelimiter;

        public void Add(int start, int end, bool isDelimiter)
        {
            switch (behavior)
            {
                case SplitBehavior.Isolated:
                    Emit(start, end);
                    break;
                case SplitBehavior.Removed:
                    if (!isDelimiter) Emit(start, end);
                    break;
                case SplitBehavior.MergedWithPrevious:
                    // A delimiter goes to the piece before it, but not to another delimiter.
                    Hold(start, end, isDelimiter, joins: isDelimiter && !heldIsDelimiter);
                    break;
                case SplitBehavior.MergedWithNext:
                    Hold(start, end, isDelimiter, joins: !isDelimiter && heldIsDelimiter);
                    break;
                default:
                    Hold(start, end, isDelimiter, joins: isDelimiter == heldIsDelimiter);
                    break;
            }
        }

        public void Flush()
        {
            if (heldEnd > heldStart) Emit(heldStart, heldEnd);
        }

        private void Hold(int start, int end, bool isDelimiter, bool joins)
        {
            if (!joins || heldEnd == heldStart)
            {
                Flush();
                heldStart = start;
            }
            heldEnd = end;
            heldIsDelimiter = isDelimiter;
        }

        private readonly void Emit(int start, int end) => next(text[start..end], atStart && start == 0);
    }
}

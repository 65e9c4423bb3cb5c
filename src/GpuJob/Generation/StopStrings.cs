using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Generation;

/// <summary>Ends a completion when its text holds one of some strings; special tokens count as they are written.</summary>
/// <param name="tokenizer">Turns tokens into text.</param>
/// <param name="strings">The strings, none empty.</param>
internal sealed class StopStrings(ITokenizer tokenizer, IReadOnlyList<string> strings) : IStopCondition
{
    private readonly StreamingDecoder decoder = tokenizer.Stream(keepSpecial: true);
    private readonly int reach = strings.Max(stop => stop.Length) - 1; // of the text before, no more can be part of a match
    private string tail = "";

    /// <inheritdoc/>
    public bool IsEnd(int token)
    {
        var text = tail + decoder.Append(token);
        if (strings.Any(stop => text.Contains(stop, StringComparison.Ordinal))) return true;
        tail = text.Length > reach ? text[^reach..] : text;
        return false;
    }
}

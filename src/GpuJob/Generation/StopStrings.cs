using System.Text;
using R1Cloud.GpuJob.Tokenizers;

namespace R1Cloud.GpuJob.Generation;

/// <summary>Ends a completion when its text holds one of some strings.</summary>
/// <param name="tokenizer">Turns the last tokens into text.</param>
/// <param name="strings">The strings, none empty.</param>
internal sealed class StopStrings(ITokenizer tokenizer, IReadOnlyList<string> strings) : IStopCondition
{
    // A token is a byte at least, so a string that has just become complete began within so many tokens. A few more, for those that leave no trace.
    private readonly int reach = strings.Max(Encoding.UTF8.GetByteCount) + 8;
    private readonly List<int> recent = [];

    /// <inheritdoc/>
    public bool IsEnd(int token)
    {
        recent.Add(token);
        if (recent.Count > reach) recent.RemoveAt(0);
        var text = tokenizer.Decode(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(recent));
        return strings.Any(stop => text.Contains(stop, StringComparison.Ordinal));
    }
}

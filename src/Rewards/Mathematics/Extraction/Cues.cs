using System.Buffers;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>Parts of words, one of which a pattern needs: to search for them is cheaper, and most sentences have none.</summary>
internal static class Cues
{
    /// <summary>Some, in any case.</summary>
    public static SearchValues<string> Of(params ReadOnlySpan<string> words) =>
        SearchValues.Create(words, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether one of them is there.</summary>
    public static bool AreIn(string text, SearchValues<string> cues) => text.AsSpan().ContainsAny(cues);
}

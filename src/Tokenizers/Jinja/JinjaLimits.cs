namespace R1Cloud.Tokenizers.Jinja;

/// <summary>What a template may use up. Templates come with models, from strangers.</summary>
/// <param name="Steps">Nodes evaluated.</param>
/// <param name="Depth">Calls and blocks within each other.</param>
/// <param name="Size">Characters of the output, and of any one text; items of any one list.</param>
/// <param name="Made">Characters of all texts that are made, whether they are kept or not; an item of a list counts as
/// <see cref="ItemCost"/>, a piece cut out of a text as <see cref="PieceCost"/> more.</param>
/// <param name="Time">Time, by the clock.</param>
internal sealed record JinjaLimits(long Steps = 4_000_000, int Depth = 100, int Size = 16 << 20, long Made = 256 << 20,
    TimeSpan? Time = null)
{
    /// <summary>A reference takes the memory of so many characters.</summary>
    public const int ItemCost = 4;

    /// <summary>A text of its own takes the memory of so many characters before its first.</summary>
    public const int PieceCost = 16;

    /// <summary>Time, by the clock; ten seconds unless said otherwise.</summary>
    public TimeSpan Within => Time ?? TimeSpan.FromSeconds(10);
}

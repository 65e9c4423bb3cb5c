namespace R1Cloud.GpuJob.Tokenizers.Jinja;

/// <summary>What a template may use up. Templates come with models, from strangers.</summary>
/// <param name="Steps">Nodes evaluated.</param>
/// <param name="Depth">Calls and blocks within each other.</param>
/// <param name="Size">Characters of the output, and of any one text; items of any one list.</param>
/// <param name="Time">Time, by the clock.</param>
internal sealed record JinjaLimits(long Steps = 4_000_000, int Depth = 100, int Size = 16 << 20, TimeSpan? Time = null)
{
    /// <summary>Time, by the clock; ten seconds unless said otherwise.</summary>
    public TimeSpan Within => Time ?? TimeSpan.FromSeconds(10);
}

namespace R1Cloud.GpuJob.Supervised;

/// <summary>One training sequence; the loss is on the completion alone.</summary>
/// <param name="Prompt">The prompt's ids, begin mark included.</param>
/// <param name="Completion">The completion's ids, end mark included.</param>
internal sealed record TrainingRow(int[] Prompt, int[] Completion)
{
    /// <summary>Tokens in all.</summary>
    public int Length => Prompt.Length + Completion.Length;
}

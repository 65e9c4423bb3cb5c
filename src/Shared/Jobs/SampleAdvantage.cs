namespace R1Cloud.Shared.Jobs;

/// <summary>A line of an update's <c>advantages</c> output: the advantage of a completion that it learned from.</summary>
/// <param name="Question">The question within the iteration.</param>
/// <param name="Sample">The sample of the question.</param>
/// <param name="Advantage">Its advantage.</param>
public sealed record SampleAdvantage(int Question, int Sample, float Advantage)
{
    /// <summary>The name of the output.</summary>
    public const string Output = "advantages";
}

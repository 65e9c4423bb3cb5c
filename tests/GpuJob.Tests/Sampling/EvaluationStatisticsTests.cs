using R1Cloud.GpuJob.Sampling;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.GpuJob.Tests.Sampling;

public sealed class EvaluationStatisticsTests
{
    [Theory]
    [InlineData(10, 3)]
    [InlineData(8, 0)]
    [InlineData(8, 8)]
    [InlineData(7, 5)]
    public void PassAtK_EveryK_IsTheShareOfSubsetsWithARightOne(int samples, int right)
    {
        for (var k = 1; k <= samples; k++)
        {
            // The first `right` samples are right: count the subsets of size k that hold one of them.
            var subsets = Enumerable.Range(0, 1 << samples).Where(set => int.PopCount(set) == k).ToList();
            var expected = subsets.Count(set => (set & ((1 << right) - 1)) != 0) / (double)subsets.Count;
            EvaluationStatistics.PassAtK(samples, right, k).ShouldBe(expected, 1e-12, $"k = {k}");
        }
    }

    [Theory]
    [InlineData(4, 2, 5)]
    [InlineData(4, 2, 0)]
    [InlineData(4, 5, 1)]
    public void PassAtK_OutOfRange_Throws(int samples, int right, int k) =>
        Should.Throw<ArgumentOutOfRangeException>(() => EvaluationStatistics.PassAtK(samples, right, k));

    [Theory]
    [InlineData("4+ 5 5", false)]
    [InlineData("4+ 4+ 5", true)]
    [InlineData("4+ 5", true)]
    [InlineData("5 4+", false)]
    [InlineData("- - 4+", true)]
    [InlineData("- -", false)]
    public void MajorityIsRight_Votes_GoToTheMostFrequentThenTheFirst(string votes, bool right) =>
        EvaluationStatistics.MajorityIsRight(votes.Split(' ').Select(vote => (vote == "-" ? null : vote.TrimEnd('+'), vote.EndsWith('+'))))
            .ShouldBe(right);

    [Fact]
    public void HalfInterval_OfShares_IsNormalApproximation()
    {
        // 30 of 100: s² = 100/99 · 0.3 · 0.7.
        var problems = Enumerable.Range(0, 100).Select(i => i < 30 ? 1.0 : 0).ToList();
        Interval95.HalfWidth(problems).ShouldBe(1.959964 * Math.Sqrt(0.21 / 99), 1e-12);
        Interval95.HalfWidth([1]).ShouldBe(0);
    }

    [Theory]
    [InlineData("<think>2+2</think><answer> 4 </answer>", "4")]
    [InlineData("so it is \\boxed{5}", "5")]
    [InlineData("<think>2+2</think>4", "4")]
    [InlineData("<think>2+2", null)]
    public void AnswerOf_Completion_IsWhereItSaysIt(string text, string? answer) =>
        EvaluationStatistics.AnswerOf(new Completion(text, "4", true)).ShouldBe(answer);
}

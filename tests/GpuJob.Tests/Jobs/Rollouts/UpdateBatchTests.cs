using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Losses;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using static R1Cloud.GpuJob.Tests.Jobs.Rollouts.RolloutMetricsTests;

namespace R1Cloud.GpuJob.Tests.Jobs.Rollouts;

public sealed class UpdateBatchTests
{
    private static readonly RlStage Stage = JobRunner.Rl with { GroupSize = 3 };

    [Fact]
    public void Create_DroppedSample_IsInNeitherBaselineNorLoss()
    {
        var batch = UpdateBatch.Create([Row(0, 1), Row(0, 0, dropped: true), Row(0, 0), Row(1, 1), Row(1, 1), Row(1, 0)], Stage);
        batch.Count.ShouldBe(5);
        batch.Unjudged.ShouldBe(1);
        batch.Advantages.Take(2)
            .ShouldBe(Advantages.Compute([1, 0], 2, AdvantageScale.Group), "the mean of the two that are left is 0.5, not 1/3");
        batch.Advantages.Skip(2).ShouldBe(Advantages.Compute([1, 1, 0], 3, AdvantageScale.Group));
    }

    [Fact]
    public void Create_DroppedSamples_LeaveTheOthersTheirNumbers()
    {
        var batch = UpdateBatch.Create([Row(0, 1), Row(0, 0, dropped: true), Row(0, 0), Row(1, 1), Row(1, 1), Row(1, 0)], Stage);
        batch.Rows.Zip(batch.Samples, (row, sample) => (row.Question, sample)).ShouldBe([(0, 0), (0, 2), (1, 0), (1, 1), (1, 2)]);
    }

    [Fact]
    public void Create_GroupWithOneLeft_IsDroppedWhole()
    {
        var batch = UpdateBatch.Create([Row(0, 1), Row(0, 0, dropped: true), Row(0, 0, dropped: true), Row(1, 1), Row(1, 1), Row(1, 0)],
            Stage);
        batch.Rows.ShouldAllBe(row => row.Question == 1);
        batch.Unjudged.ShouldBe(3);
    }

    [Fact]
    public void Create_EverythingDropped_IsEmpty() =>
        UpdateBatch.Create([Row(0, 0, true), Row(0, 0, true), Row(0, 0, true)], Stage)
            .ShouldSatisfyAllConditions(batch => batch.Count.ShouldBe(0), batch => batch.Unjudged.ShouldBe(3));

    [Fact]
    public void Create_BatchScale_UsesTheRemainingRewards()
    {
        var stage = Stage with { Loss = Stage.Loss with { AdvantageScale = AdvantageScale.Batch } };
        var batch = UpdateBatch.Create([Row(0, 1), Row(0, 99, dropped: true), Row(0, 0), Row(1, 1), Row(1, 1), Row(1, 0)], stage);
        var deviation = Math.Sqrt(new[] { 1.0, 0, 1, 1, 0 }.Sum(reward => (reward - 0.6) * (reward - 0.6)) / 4);
        batch.Advantages[0].ShouldBe((float)(0.5 / (deviation + Advantages.Epsilon)), 1e-6f);
    }

    [Fact]
    public void Create_DropEqualGroups_LooksAtTheRemainingRewards()
    {
        var stage = Stage with { Loss = Stage.Loss with { DropEqualGroups = true } };
        UpdateBatch.Create([Row(0, 1), Row(0, 0, dropped: true), Row(0, 1), Row(1, 1), Row(1, 1), Row(1, 0)], stage)
            .Rows.ShouldAllBe(row => row.Question == 1);
    }

    [Fact]
    public void Create_DynamicSampling_TakesTheFirstUsefulQuestionsInOrder()
    {
        var stage = Stage with { Questions = 2, DynamicSampling = new() };
        RolloutRow[] rounds = // the second round comes before the first one here: the numbers count, not the files
        [
            Row(3, 0), Row(3, 1), Row(3, 0), Row(4, 1), Row(4, 0), Row(4, 0),
            Row(0, 1), Row(0, 1), Row(0, 1), Row(1, 1), Row(1, 0), Row(1, 1), Row(2, 0), Row(2, 0, dropped: true), Row(2, 0),
        ];
        var batch = UpdateBatch.Create(rounds, stage);
        batch.Rows.Select(row => row.Question).ShouldBe([1, 1, 1, 3, 3, 3]);
        batch.Advantages.ShouldBe(Advantages.Compute([1, 0, 1, 0, 1, 0], 3, AdvantageScale.Group));
        batch.Unjudged.ShouldBe(1, "what taught nothing was judged all the same");
        rounds.GroupBy(row => row.Question).Where(UpdateBatch.IsUseful).Select(group => group.Key).ShouldBe([3, 4, 1]);
    }

    [Fact]
    public void Create_LeaveOneOutWithDroppedSamples_ComparesWithTheOthersThatAreLeft()
    {
        var stage = Stage with {
            Loss = Stage.Loss with { AdvantageBaseline = AdvantageBaseline.LeaveOneOut, AdvantageScale = AdvantageScale.None } };
        UpdateBatch.Create([Row(0, 1), Row(0, 9, dropped: true), Row(0, 0), Row(1, 1), Row(1, 1), Row(1, 0)], stage)
            .Advantages.ShouldBe([1, -1, 0.5f, 0.5f, -1]);
    }

    [Fact]
    public void Create_MissingSamples_NamesTheQuestion() =>
        Should.Throw<BadInputException>(() => UpdateBatch.Create([Row(4, 1), Row(4, 1)], Stage)).Message.ShouldContain("Question 4");
}

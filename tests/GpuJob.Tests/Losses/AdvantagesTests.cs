using R1Cloud.Testing;
using R1Cloud.GpuJob.Losses;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Losses;

public sealed class AdvantagesTests
{
    [Fact]
    public void Compute_Oracles_GivesTheirAdvantages()
    {
        foreach (var oracle in Oracles.Cases("advantages"))
        {
            var scale = Enum.Parse<AdvantageScale>(oracle.GetProperty("scale").GetString()!, ignoreCase: true);
            var advantages =
                Advantages.Compute(oracle.GetProperty("rewards").Numbers(), oracle.GetProperty("group_size").GetInt32(), scale);
            var expected = oracle.GetProperty("advantages").Floats();
            for (var i = 0; i < expected.Length; i++) advantages[i].ShouldBe(expected[i], 2e-6f);
        }
    }

    [Fact]
    public void Compute_ScaleMean_IsMaxRl()
    {
        foreach (var oracle in Oracles.Json("rl/distillation_losses.json").GetProperty("maxrl_advantages").EnumerateArray())
        {
            var rewards = oracle.GetProperty("rewards").Numbers();
            Advantages.Compute(rewards, rewards.Length, AdvantageScale.Mean).ShouldBe(oracle.GetProperty("advantages").Floats());
        }
        Should.Throw<BadInputException>(() => Advantages.Compute([1, -0.5], 2, AdvantageScale.Mean))
            .Message.ShouldBe("A reward is -0.5; advantageScale mean needs rewards from 0.");
    }

    [Fact]
    public void Compute_LeaveOneOut_SubtractsTheOthersMean() =>
        Advantages.Compute([1, 0, 0, 3, 3, 0], 3, AdvantageScale.None, AdvantageBaseline.LeaveOneOut)
            .ShouldBe([1f, -0.5f, -0.5f, 1.5f, 1.5f, -3f]);

    [Fact]
    public void Compute_LeaveOneOutOfUnequalGroups_IsEachRewardLessTheMeanOfTheOthers()
    {
        double[][] groups = [[1, 0.25], [0, 1, 1, 0.5, 2], [0.5, 0.5, 0.5]];
        var expected = groups.SelectMany(group => group.Select((reward, i) => reward - group.Where((_, other) => other != i).Average()))
            .ToList();
        var advantages =
            Advantages.Compute([.. groups.SelectMany(group => group)], groups.Select(group => group.Length), AdvantageScale.None,
                AdvantageBaseline.LeaveOneOut);
        for (var i = 0; i < expected.Count; i++) advantages[i].ShouldBe((float)expected[i], 1e-6f);
    }

    [Theory]
    [InlineData(AdvantageScale.Group)]
    [InlineData(AdvantageScale.Batch)]
    [InlineData(AdvantageScale.None)]
    public void Compute_LeaveOneOutOfOracles_IsTheirsTimesNOverNLessOne(AdvantageScale scale) // r − (S − r)/(n − 1) = n/(n − 1) · (r − S/n)
    {
        foreach (var oracle in Oracles.Cases("advantages")
            .Where(oracle => string.Equals(oracle.GetProperty("scale").GetString(), scale.ToString(), StringComparison.OrdinalIgnoreCase)))
        {
            var (size, expected) = (oracle.GetProperty("group_size").GetInt32(), oracle.GetProperty("advantages").Floats());
            var advantages = Advantages.Compute(oracle.GetProperty("rewards").Numbers(), size, scale, AdvantageBaseline.LeaveOneOut);
            for (var i = 0; i < expected.Length; i++) advantages[i].ShouldBe(expected[i] * size / (size - 1), 4e-6f);
        }
    }

    [Fact]
    public void Compute_BadInput_IsRefused()
    {
        Should.Throw<ArgumentException>(() => Advantages.Compute([1, 2, 3], 2, AdvantageScale.Group));
        Should.Throw<ArgumentException>(() => Advantages.Compute([1, double.NaN], 2, AdvantageScale.Group));
        Should.Throw<ArgumentException>(() => Advantages.Compute([1], 1, AdvantageScale.None, AdvantageBaseline.LeaveOneOut));
    }

    [Fact]
    public void RewardModelLosses_Oracles_GiveTheirLosses()
    {
        using var scope = NewDisposeScope();
        var oracles = Oracles.Json("rl/reward_model_losses.json");
        foreach (var oracle in oracles.GetProperty("pairwise").GetProperty("cases").EnumerateArray())
        {
            var margin = oracle.GetProperty("margin");
            RewardModelLosses.Pairwise(tensor(oracle.GetProperty("chosen").Floats()), tensor(oracle.GetProperty("rejected").Floats()),
                margin.ValueKind == System.Text.Json.JsonValueKind.Null ? null : tensor(margin.Floats()))
                .item<float>().ShouldBe(oracle.GetProperty("loss").GetSingle(), 1e-5f);
        }
        foreach (var oracle in oracles.GetProperty("pointwise").GetProperty("cases").EnumerateArray())
        {
            RewardModelLosses.Pointwise(tensor(oracle.GetProperty("score").Floats()), tensor(oracle.GetProperty("safe").Floats()))
                .item<float>().ShouldBe(oracle.GetProperty("loss").GetSingle(), 2e-5f);
        }
    }
}

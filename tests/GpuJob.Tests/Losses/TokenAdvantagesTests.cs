using System.Text.Json;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Tests.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Losses;

/// <summary>REINFORCE++: the KL estimate off the reward at each token, normalised over the batch's tokens.</summary>
public sealed class TokenAdvantagesTests
{
    [Theory]
    [InlineData(AdvantageScale.None, "advantages")]
    [InlineData(AdvantageScale.BatchTokens, "normalised")]
    public void Create_KlInReward_GivesTheOraclesAdvantages(AdvantageScale scale, string expected)
    {
        foreach (var oracle in Oracles.Cases("reinforce_plus_plus"))
        {
            var (old, reference) = (Rows(oracle, "old_logprobs"), Rows(oracle, "ref_logprobs"));
            var (rewards, size) = (oracle.GetProperty("rewards").Floats(), oracle.GetProperty("group_size").GetInt32());
            var weight = oracle.GetProperty("kl_weight").GetDouble();
            var stage = JobRunner.Rl with
            {
                GroupSize = size,
                Loss = new()
                {
                    KlWeight = weight, KlInReward = true, AdvantageScale = scale,
                    KlEstimator = Enum.Parse<KlEstimator>(oracle.GetProperty("kl_estimator").GetString()!, ignoreCase: true),
                    AdvantageBaseline = oracle.GetProperty("baseline").GetString() == "none"
                        ? AdvantageBaseline.None : AdvantageBaseline.GroupMean,
                },
            };
            RolloutRow[] rows = [.. rewards.Select((reward, i) => new RolloutRow
            {
                Question = i / size, Prompt = [1], Completion = new int[old[i].Length], LogProbs = old[i], PolicyLogProbs = old[i],
                Reward = reward, Truncated = false,
            })];
            var batch = UpdateBatch.Create(rows, stage, scored => [.. scored.Select(row => reference[Array.IndexOf(rows, row)])]);
            var wanted = Rows(oracle, expected);
            for (var row = 0; row < wanted.Count; row++)
            {
                var tokens = batch.TokenAdvantages?[row] ?? [.. Enumerable.Repeat(batch.Advantages[row], wanted[row].Length)];
                for (var token = 0; token < wanted[row].Length; token++) tokens[token].ShouldBe(wanted[row][token], 3e-6f);
                batch.Advantages[row].ShouldBe(wanted[row].Average(), 3e-6f, "a row's is the mean of its tokens'");
            }
        }
    }

    [Fact]
    public void Whiten_NothingOrEqualAdvantages_IsZero()
    {
        TokenAdvantages.Whiten([]);
        float[][] equal = [[2, 2], [2]];
        TokenAdvantages.Whiten(equal);
        equal.ShouldBe([[0f, 0f], [0f]]);
    }

    private static List<float[]> Rows(JsonElement oracle, string name) =>
        [.. oracle.GetProperty(name).EnumerateArray().Select(row => row.Floats())];
}

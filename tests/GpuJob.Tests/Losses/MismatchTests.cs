using R1Cloud.GpuJob.Losses;
using R1Cloud.Shared.Recipes;
using R1Cloud.Testing;
using System.Text.Json;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Losses;

/// <summary>The correction of the difference between sampler and trainer, against TRL's numbers.</summary>
public sealed class MismatchTests
{
    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Oracles.Cases("mismatch").Count())];

    [Theory, MemberData(nameof(Cases))]
    public void Weights_OfTheOracle_GiveItsLossAndGradient(int index)
    {
        var oracle = Oracles.Cases("mismatch").ElementAt(index);
        var settings = oracle.GetProperty("settings");
        var correction = new MismatchRecipe
        {
            Mode = Enum.Parse<MismatchMode>(settings.GetProperty("mode").GetString()!.Replace("_", ""), ignoreCase: true),
            High = settings.GetProperty("high").GetDouble(),
            Low = settings.GetProperty("low") is { ValueKind: JsonValueKind.Number } low ? low.GetDouble() : null,
        };
        var (masks, olds, told) = (Rows(oracle, "mask"), Rows(oracle, "old_logprobs"), Rows(oracle, "sampling_logprobs"));
        var weights = masks.Select((mask, row) =>
        {
            var count = (int)mask.Sum();
            var differences = Enumerable.Range(0, count).Select(at => MismatchWeights.Difference(olds[row][at], told[row][at])).ToList();
            return MismatchWeights.Of(differences, correction).Concat(new float[mask.Length - count]).ToArray();
        }).ToArray();
        foreach (var (row, expected) in Rows(oracle, "weights").Index())
        {
            for (var at = 0; at < expected.Length; at++) weights[row][at].ShouldBe(expected[at], 2e-5f, $"row {row}, token {at}");
        }

        using var scope = NewDisposeScope();
        var logProbs = Matrix(Rows(oracle, "logprobs")).requires_grad_();
        var mask = Matrix(masks);
        var result = PolicyLosses.Compute(PolicyLossesTests.OptionsOf(settings), new PolicyLossInput
        {
            LogProbs = logProbs,
            OldLogProbs = Matrix(olds),
            ReferenceLogProbs = oracle.GetProperty("ref_logprobs").ValueKind == JsonValueKind.Null
                ? null : Matrix(Rows(oracle, "ref_logprobs")),
            TokenWeights = Matrix(weights),
            Advantages = tensor(oracle.GetProperty("advantages").Floats()),
            Mask = mask,
            TotalRows = mask.shape[0],
            TotalTokens = mask.sum().item<float>(),
        });
        result.Loss.backward();
        var loss = oracle.GetProperty("loss").GetSingle();
        result.Loss.item<float>().ShouldBe(loss, Math.Max(2e-6f, 2e-5f * Math.Abs(loss)));
        (logProbs.grad! - Matrix(Rows(oracle, "gradient_of_logprobs"))).abs().max().item<float>().ShouldBeLessThan(5e-6f);
    }

    [Fact]
    public void Difference_OfATokenThatTheSamplerToldNothingOf_IsZero()
    {
        MismatchWeights.Difference(-3, float.NaN).ShouldBe(0);
        MismatchWeights.Difference(-90, -1).ShouldBe(-20);
    }

    private static float[][] Rows(JsonElement oracle, string name) =>
        [.. oracle.GetProperty(name).EnumerateArray().Select(row => row.Floats())];

    private static Tensor Matrix(float[][] rows) => tensor(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length]);
}

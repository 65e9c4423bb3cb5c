using R1Cloud.GpuJob.Optimization;
using static TorchSharp.torch;
using AdamW = R1Cloud.GpuJob.Optimization.AdamW;
using Parameter = TorchSharp.Modules.Parameter;

namespace R1Cloud.GpuJob.Tests.Optimization;

public sealed class StepEffectsTests
{
    [Theory]
    [InlineData(1e-3, 0)]
    [InlineData(1e-12, 3)]
    public void Without_StepsAtARate_AreThoseThatChangeNoBit(double rate, int expected)
    {
        using var scope = NewDisposeScope();
        using var weight = new Parameter(linspace(0.5, 1.5, 64).reshape(8, 8));
        using var optimizer = new AdamW([("w", weight)], new() { LearningRate = rate });
        var (before, bits) = (StepEffects.DigestOf([("w", weight)]), weight.data<float>().ToArray());
        for (var step = 0; step < 3; step++)
        {
            weight.grad = ones(8, 8);
            optimizer.Step(rate);
        }
        StepEffects.Without(before, StepEffects.DigestOf([("w", weight)]), 3).ShouldBe(expected);
        weight.data<float>().ToArray().SequenceEqual(bits).ShouldBe(expected > 0);
    }

    /// <summary>The smallest change there is, and two that nearly cancel in a sum.</summary>
    [Fact]
    public void Digest_OfTheLeastChange_IsAnother()
    {
        using var scope = NewDisposeScope();
        using var weight = new Parameter(linspace(0.01, 1, 4096).reshape(64, 64));
        var before = StepEffects.DigestOf([("w", weight)]);
        Nudge(7, 1);
        StepEffects.DigestOf([("w", weight)]).ShouldNotBe(before);
        Nudge(4000, -1);
        StepEffects.DigestOf([("w", weight)]).ShouldNotBe(before);
        Nudge(7, -1);
        Nudge(4000, 1);
        StepEffects.DigestOf([("w", weight)]).ShouldBe(before);

        void Nudge(int at, int ulps)
        {
            using var _ = no_grad();
            var (row, column) = (at / 64, at % 64);
            weight[row, column] =
                tensor(BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(weight[row, column].item<float>()) + ulps));
        }
    }
}

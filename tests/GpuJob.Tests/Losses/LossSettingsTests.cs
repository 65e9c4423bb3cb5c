using R1Cloud.GpuJob.Losses;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Effects;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Losses;

/// <summary>Each loss reads what it declares and nothing else.</summary>
public sealed class LossSettingsTests
{
    private static readonly Dictionary<string, Func<PolicyLossRecipe, PolicyLossRecipe>> Changes = new()
    {
        [nameof(PolicyLossRecipe.ClipLow)] = loss => loss with { ClipLow = loss.Name == "dppo" ? 0.005 : 0.05 },
        [nameof(PolicyLossRecipe.ClipHigh)] = loss =>
            loss with { ClipHigh = loss.Name switch { "cispo" => 1.1, "dppo" => 0.005, _ => 0.05 } },
        [nameof(PolicyLossRecipe.TwoSidedClip)] = loss => loss with { TwoSidedClip = 1.3 },
        [nameof(PolicyLossRecipe.SequenceRatio)] = loss => loss with { SequenceRatio = loss.Name is not ("gspo" or "luspo") },
        [nameof(PolicyLossRecipe.Aggregation)] = loss => loss with { Aggregation = LossAggregation.ConstantLength },
        [nameof(PolicyLossRecipe.GateTemperatures)] = loss => loss with { GateTemperatures = new() { Positive = 2, Negative = 3 } },
        [nameof(PolicyLossRecipe.Given)] = loss => loss with { Given = new() { K = 1, Lambda = 1 } },
        [nameof(PolicyLossRecipe.Taken)] = loss => loss with { Taken = new() { K = 1, Lambda = 1 } },
    };

    public static TheoryData<string> Names => [.. PolicyLosses.Names];

    [Theory, MemberData(nameof(Names))]
    public void Compute_SettingChanged_ChangesTheGradientWhereTheLossReadsIt(string name)
    {
        LossSettings.Names.ShouldBe(PolicyLosses.Names, ignoreOrder: true);
        Changes.Keys.ShouldBe(LossSettings.Particular, ignoreOrder: true);
        var plain = new PolicyLossRecipe { Name = name, ClipHigh = name == "cispo" ? 1.2 : 0.2 };
        var before = Gradient(plain);
        foreach (var (setting, change) in Changes)
        {
            if (name == "dr-grpo" && setting == nameof(PolicyLossRecipe.Aggregation)) continue; // that is its own way
            var differs = !Gradient(change(plain)).Zip(before).All(pair => MathF.Abs(pair.First - pair.Second) <= 1e-6f);
            differs.ShouldBe(LossSettings.Of(name).Reads.Contains(setting), $"{name} {setting}");
        }
    }

    /// <summary>A way of its own is the way that it is declared as.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Compute_OwnAggregation_IsTheDeclaredOne(string name)
    {
        // grpo's surrogate is not theirs
        if (LossSettings.Of(name).Aggregation is not { } own || name is "vespo" or "cispo" or "dppo") return;
        Gradient(new PolicyLossRecipe { Name = name }).ShouldBe(Gradient(new PolicyLossRecipe { Aggregation = own }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Compute_K1InsideTheLoss_HasAGradientThroughTheReferenceOnlyWithTheRatio(bool timesRatio)
    {
        var options = new PolicyLossOptions { Name = "grpo", KlWeight = 0.5, KlEstimator = KlEstimator.K1, KlTimesRatio = timesRatio };
        var (one, other) = (Gradient(options, shift: 0.1f), Gradient(options, shift: 0.9f));
        one.SequenceEqual(other).ShouldBe(!timesRatio);
        if (timesRatio) options.Validate();
        else Should.Throw<BadInputException>(options.Validate).Message.ShouldContain("the same for every reference");
    }

    [Fact]
    public void Compute_KlMetric_IsMeasuredAndChangesNoGradient()
    {
        var plain = new PolicyLossRecipe();
        Gradient(plain with { KlMetric = KlEstimator.K1 }).ShouldBe(Gradient(plain));
        using var scope = NewDisposeScope();
        var result = PolicyLosses.Compute(PolicyLossOptions.From(plain with { KlMetric = KlEstimator.K1 }, 6), Input(0.25f, Current()));
        result.Metrics["kl"].item<float>().ShouldBe(0.25f, 1e-5f);
        plain.NeedsReference().ShouldBeFalse();
        (plain with { KlMetric = KlEstimator.K1 }).NeedsReference().ShouldBeTrue();
    }

    [Fact]
    public void EntropyThreshold_Share_IsTorchsQuantile()
    {
        using var scope = NewDisposeScope();
        var entropies = rand(101);
        foreach (var share in new[] { 0.2, 0.33, 0.5, 1 })
            PolicyLosses.EntropyThreshold(entropies.data<float>().ToArray(), share)
                .ShouldBe(entropies.quantile(tensor((float)(1 - share))).item<float>(), 1e-6);
    }

    // log ratios of the rows, each between what two settings do: below and above 1 within the clip, and beyond the two-sided one.
    private static readonly float[] Drifts = [0.12f, -0.12f, 0.12f, 0.5f];

    private static float[] Gradient(PolicyLossRecipe recipe) => Gradient(PolicyLossOptions.From(recipe, 6), 0.2f);

    private static float[] Gradient(PolicyLossOptions options, float shift)
    {
        using var scope = NewDisposeScope();
        var current = Current().requires_grad_();
        PolicyLosses.Compute(options, Input(shift, current)).Loss.backward();
        return current.grad!.data<float>().ToArray();
    }

    private static Tensor Current() => tensor(Enumerable.Range(0, 24).Select(i => -1 - (i * 37 % 24 / 20f)).ToArray(), [4, 6]);

    private static PolicyLossInput Input(float shift, Tensor current) => new()
    {
        LogProbs = current,
        OldLogProbs =
            current.detach() - tensor(Enumerable.Range(0, 24).Select(i => Drifts[i / 6] + (((i * 29 % 24) - 12) / 600f)).ToArray(), [4, 6]),
        ReferenceLogProbs = current.detach() - shift,
        Entropy = current.detach().abs(),
        Advantages = tensor(new[] { 1f, -1, 0.5f, -2 }),
        Mask = tensor(new float[] { 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0 }, [4, 6]),
        TotalRows = 4,
        TotalTokens = 16,
    };
}

using System.Text.Json;
using R1Cloud.GpuJob.Losses;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Testing;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Losses;

public sealed class DistillationLossesTests
{
    [Fact]
    public void GeneralizedJsd_Oracles_GivesLossAndGradient()
    {
        var cases = Cases("generalized_jsd").ToList();
        cases.Count.ShouldBe(8);
        foreach (var oracle in cases)
        {
            using var scope = NewDisposeScope();
            var temperature = oracle.GetProperty("temperature").GetDouble();
            var student = Cube(oracle, "student_logits").requires_grad_();
            var mask = tensor(oracle.GetProperty("mask").EnumerateArray().SelectMany(row => row.Floats()).ToArray());
            var divergence = DistillationLosses.GeneralizedJsd(student.flatten(0, 1) / temperature,
                Cube(oracle, "teacher_logits").flatten(0, 1) / temperature, oracle.GetProperty("beta").GetDouble());
            var loss = (divergence * mask).sum() / mask.sum();
            loss.backward();
            loss.item<float>().ShouldBe(oracle.GetProperty("loss").GetSingle(), 2e-5f * Math.Abs(oracle.GetProperty("loss").GetSingle()));
            (student.grad! - Cube(oracle, "grad")).abs().max().item<float>().ShouldBeLessThan(1e-6f);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    [InlineData(1)]
    public void GeneralizedJsd_TopK_GrowsToTheWholeDivergence(double beta)
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        var (student, teacher) = (randn(40, 12), randn(40, 12) * 2);
        float Of(int k) => DistillationLosses.GeneralizedJsd(student, teacher, beta, k).sum().item<float>();
        var whole = Of(0);
        Of(12).ShouldBe(whole);
        Of(11).ShouldBe(whole, 1e-3f, "eleven and the one that is left are all");
        new[] { 1, 3, 6, 11 }.Select(Of).ShouldBeInOrder();
        Of(3).ShouldBeInRange(1e-3f, whole);
    }

    [Fact]
    public void GeneralizedJsd_IdsThatAreNoTokens_AddNothingAndGiveNoNaN()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        var (student, teacher) = (randn(5, 8).requires_grad_(), randn(5, 8));
        var gone = tensor(new[] { false, false, false, true, false, false, false, true });
        foreach (var (beta, k) in new[] { (0.0, 0), (0.5, 0), (1.0, 0), (0.5, 3) })
        {
            Tensor Left(Tensor logits) => logits.index_select(1, tensor(new long[] { 0, 1, 2, 4, 5, 6 }));
            Tensor Masked(Tensor logits) => logits.masked_fill(gone, float.NegativeInfinity);
            var masked = DistillationLosses.GeneralizedJsd(Masked(student), Masked(teacher), beta, k).sum();
            masked.item<float>().ShouldBe(DistillationLosses.GeneralizedJsd(Left(student), Left(teacher), beta, k).sum().item<float>(),
                1e-5f);
            masked.backward();
            student.grad!.isfinite().all().item<bool>().ShouldBeTrue();
            student.grad!.zero_();
        }
    }

    [Fact]
    public void ReverseKl_Oracles_GivesLossGradientAndEstimate()
    {
        foreach (var oracle in Cases("reverse_kl_advantage"))
        {
            using var scope = NewDisposeScope();
            var logProbs = Matrix(oracle, "logprobs").requires_grad_();
            var mask = Matrix(oracle, "mask");
            var clip = oracle.GetProperty("clip");
            var recipe = new PolicyLossRecipe { Aggregation = LossAggregation.TokenMean,
                ClipLow = clip.ValueKind == JsonValueKind.Null ? 1e6 : clip.GetDouble(),
                ClipHigh = clip.ValueKind == JsonValueKind.Null ? 1e6 : clip.GetDouble() };
            var result = PolicyLosses.Compute(PolicyLossOptions.From(recipe, 8), new PolicyLossInput
            {
                LogProbs = logProbs, OldLogProbs = Matrix(oracle, "old_logprobs"), TeacherLogProbs = Matrix(oracle, "teacher_logprobs"),
                TeacherWeight = 1, Advantages = zeros(mask.shape[0]), Mask = mask, TotalRows = mask.shape[0],
                TotalTokens = mask.sum().item<float>(),
            });
            result.Loss.backward();
            result.Loss.item<float>().ShouldBe(oracle.GetProperty("loss").GetSingle(), 2e-6f);
            (logProbs.grad! - Matrix(oracle, "grad")).abs().max().item<float>().ShouldBeLessThan(1e-6f);
            result.Metrics[MetricNames.TeacherReverseKl].item<float>()
                .ShouldBe(oracle.GetProperty("reverse_kl_estimate").GetSingle(), 2e-6f);
        }
    }

    private static IEnumerable<JsonElement> Cases(string kind) =>
        Oracles.Cases("distillation_losses").Where(oracle => oracle.GetProperty("kind").GetString() == kind);

    private static Tensor Matrix(JsonElement oracle, string name)
    {
        var rows = oracle.GetProperty(name).EnumerateArray().Select(row => row.Floats()).ToList();
        return tensor(rows.SelectMany(row => row).ToArray(), [rows.Count, rows[0].Length]);
    }

    private static Tensor Cube(JsonElement oracle, string name)
    {
        var rows = oracle.GetProperty(name).EnumerateArray()
            .Select(row => row.EnumerateArray().Select(cell => cell.Floats()).ToList()).ToList();
        return tensor(rows.SelectMany(row => row).SelectMany(cell => cell).ToArray(), [rows.Count, rows[0].Count, rows[0][0].Length]);
    }
}

using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Jobs.Updates;
using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Effects;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Jobs.Updates;

/// <summary>
/// A mini-batch's gradient is the same however it is cut: into passes of rows or of tokens, into shards. Others lost factors here, since a
/// mean over each pass is not the mean over all.
/// </summary>
public sealed class LossScaleTests
{
    private const int Questions = 6, GroupSize = 4, Vocabulary = 29;

    public static TheoryData<string> Names => [.. PolicyLosses.Names];

    [Theory, MemberData(nameof(Names))]
    public void Add_CutInAnyWay_IsTheSameGradient(string loss)
    {
        foreach (var aggregation in Aggregations(loss))
        {
            foreach (var lora in (bool[])[false, true])
            {
                Check(Stage(loss, aggregation), lora, ScalarType.Float32, 1e-6);
                // A product of 16-bit numbers keeps 8 bits: passes of other shapes round other sums.
                Check(Stage(loss, aggregation), lora, ScalarType.BFloat16, 2e-2);
            }
        }
    }

    [Theory]
    [InlineData(AdvantageScale.None, false)]
    [InlineData(AdvantageScale.BatchTokens, false)]
    [InlineData(AdvantageScale.Mean, false)]
    [InlineData(AdvantageScale.None, true)]
    [InlineData(AdvantageScale.BatchTokens, true)]
    public void Add_OtherAdvantages_IsTheSameGradient(AdvantageScale scale, bool klInReward)
    {
        var stage = Stage("grpo", null);
        Check(stage with { Loss = stage.Loss with { AdvantageScale = scale, KlInReward = klInReward } }, lora: false, ScalarType.Float32,
            1e-6);
    }

    public static TheoryData<MismatchMode> Modes => [.. Enum.GetValues<MismatchMode>()];

    [Theory, MemberData(nameof(Modes))]
    public void Add_RecomputedOldPolicy_IsTheSameGradient(MismatchMode mode)
    {
        var stage = Stage("grpo", null);
        Check(stage with
        {
            Loss = stage.Loss with { OldLogProbs = OldLogProbs.Recomputed, Mismatch = new() { Mode = mode, Low = 0.2, High = 3 } },
        }, lora: false, ScalarType.Float32, 1e-6);
    }

    [Fact]
    public void Add_HighEntropyShare_IsOfTheWholeMiniBatch()
    {
        var stage = Stage("grpo", null);
        Check(stage with { Loss = stage.Loss with { HighEntropyShare = 0.3 } }, lora: false, ScalarType.Float32, 1e-6);
    }

    [Theory]
    [InlineData(DistillationLoss.ReverseKl, 0)]
    [InlineData(DistillationLoss.Jsd, 0)]
    [InlineData(DistillationLoss.Jsd, 5)]
    public void Add_Teacher_IsTheSameGradient(DistillationLoss loss, int topK)
    {
        foreach (var lora in (bool[])[false, true])
        {
            Check(Stage("grpo", LossAggregation.TokenMean) with { Teacher = new() { From = "t", Loss = loss, TopK = topK, Weight = 0.7 } },
                lora, ScalarType.Float32, 1e-6);
        }
    }

    // All that the loss reads.
    private static LossAggregation?[] Aggregations(string loss) =>
        LossSettings.Of(loss).Reads.Contains(nameof(PolicyLossRecipe.Aggregation))
            ? [.. Enum.GetValues<LossAggregation>().Select(way => (LossAggregation?)way)] : [null];

    private static RlStage Stage(string loss, LossAggregation? aggregation) => JobRunner.Rl with
    {
        Questions = Questions, GroupSize = GroupSize, MiniBatches = 2,
        Sampling = JobRunner.Rl.Sampling with { MaxNewTokens = 24 },
        Loss = new()
        {
            Name = loss, Aggregation = aggregation, KlWeight = 0.05, ClipHigh = loss == "cispo" ? 2 : 0.2, MaskTruncated = true,
        },
    };

    private static void Check(RlStage stage, bool lora, ScalarType type, double bound)
    {
        using var policy = Model(seed: 1, lora);
        using var reference = Model(seed: 2, lora: false);
        using var teacher = Model(seed: 5, lora: false);
        (policy.ComputeType, reference.ComputeType, teacher.ComputeType) = (type, type, type);
        var rows = Rows();
        double[] Gradient(RlStage cut, Func<UpdatePlan, IEnumerable<int[]>> parts)
        {
            var input = new UpdateInput(7, "rl", 0, cut, "", "", []);
            var plan = new UpdatePlan(input, rows, asked => ReferenceScores.Of(reference, asked, cut));
            plan.Old = OldPolicy.Of(plan, input, policy);
            var gradient = new PolicyGradient(plan, cut, policy, new(reference, stage.Teacher is null ? null : teacher));
            using var sums = new MetricSums();
            using var watch = new FiniteWatch();
            foreach (var part in parts(plan)) gradient.Add(step: 0, part, sums, watch);
            double[] taken = [.. policy.Trainable.SelectMany(parameter =>
                parameter.Tensor.grad!.to(ScalarType.Float64).data<double>().ToArray())];
            foreach (var (_, parameter) in policy.Trainable) parameter.grad = null;
            return taken;
        }

        var cuts = new (string Name, RlStage Stage, Func<UpdatePlan, IEnumerable<int[]>> Parts)[]
        {
            ("whole", stage, plan => [plan.Steps[0]]),
            ("one row a pass", stage with { MicroBatchSize = 1 }, plan => [plan.Steps[0]]),
            ("five rows a pass", stage with { MicroBatchSize = 5 }, plan => [plan.Steps[0]]),
            ("40 tokens a pass", stage with { MicroBatchTokens = 40 }, plan => [plan.Steps[0]]),
            ("two shards", stage with { UpdateShards = 2 }, plan => [plan.Shard(0, 0), plan.Shard(0, 1)]),
            ("five shards of two rows a pass", stage with { UpdateShards = 5, MicroBatchSize = 2 },
                plan => Enumerable.Range(0, 5).Select(shard => plan.Shard(0, shard))),
        };
        var gradients = cuts.Select(cut => Gradient(cut.Stage, cut.Parts)).ToList();
        // Each rounds in its own way, the whole no better than its parts: what they all round is their mean.
        var mean = Enumerable.Range(0, gradients[0].Length).Select(i => gradients.Average(gradient => gradient[i])).ToArray();
        var norm = Math.Sqrt(mean.Sum(value => value * value));
        norm.ShouldBeGreaterThan(1e-4, "without a gradient the test says nothing");
        foreach (var (cut, gradient) in cuts.Zip(gradients))
        {
            var distance = Math.Sqrt(mean.Zip(gradient).Sum(pair => (pair.First - pair.Second) * (pair.First - pair.Second)));
            (distance / norm).ShouldBeLessThan(bound, $"{stage.Loss.Name} {stage.Loss.Aggregation} {type}, LoRA {lora}: {cut.Name}");
        }
    }

    private static CausalLm Model(ulong seed, bool lora)
    {
        var model = TestModels.Create(TestModels.Config(vocabulary: Vocabulary), seed);
        if (lora)
        {
            LoraAdapter.Attach(model, new LoraConfig { Rank = 4, Alpha = 8, Targets = ["q_proj", "v_proj", "down_proj"] }, seed: 3);
            // One of an adapter's two factors begins at 0: nothing flows into the other.
            using var _ = no_grad();
            foreach (var (name, parameter) in model.Trainable)
            {
                // Its own: what the shared one draws hangs on the tests beside this one.
                using var generator = new Generator(Seeds.Derive(4, name));
                parameter.normal_(0, 0.1, generator);
            }
        }
        return model;
    }

    // Completions of very different lengths, some cut off, drawn from another policy than the one that is updated.
    private static RolloutRow[] Rows()
    {
        var random = new Random(11);
        int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(Vocabulary))];
        return [.. Enumerable.Range(0, Questions * GroupSize).Select(i =>
        {
            var completion = Ids(1 + random.Next(24));
            float[] logProbs = [.. completion.Select(_ => -2.5f - random.NextSingle() * 1.5f)];
            return new RolloutRow
            {
                Question = i / GroupSize, Prompt = Ids(3 + (i / GroupSize)), Completion = completion, LogProbs = logProbs,
                PolicyLogProbs = logProbs, Reward = i % 3 == 0 ? 1 : i % 3 / 4f, Truncated = i % 7 == 0,
            };
        })];
    }
}

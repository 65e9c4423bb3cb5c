using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Torch;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Models;

/// <summary>A model whose layers are spread over devices, against the same model on one.</summary>
public sealed class PlacedModelTests
{
    [Theory]
    [InlineData(ScalarType.Float32, false, false)]
    [InlineData(ScalarType.BFloat16, true, false)]
    [InlineData(ScalarType.BFloat16, true, true)]
    public void Update_OverTwoDevices_HasTheBitsOfOne(ScalarType type, bool recompute, bool lora)
    {
        using var one = Model([CPU], type, recompute, lora);
        using var two = Model([CPU, CPU], type, recompute, lora);
        var hops = Record(two);
        var (expected, placed) = (Train(one), Train(two));

        placed.ShouldBe(expected);
        // Forward once a step, and once more where a layer is computed again: recomputation is within a layer, so no hop is repeated.
        hops.ShouldBe(["1", "0", "1", "0", "1", "0"]);
        one.Layers.Devices.Count.ShouldBe(1);
    }

    [Fact]
    public void Generate_OverThreeDevices_HasTheTokensOfOne()
    {
        using var one = Model([CPU], ScalarType.Float32, recompute: false, lora: false);
        using var three = Model([CPU, CPU, CPU], ScalarType.Float32, recompute: false, lora: false);
        var hops = Record(three);
        Generate(three).ShouldBe(Generate(one));
        hops.Distinct().Order().ShouldBe(["0", "1", "2"]);
    }

    /// <summary>
    /// The second device is torch's <c>meta</c>, which computes shapes alone and refuses whatever mixes it with another: so no tensor of a
    /// layer there is left on the first one. (A step of decoding: the kernels of whole sequences have no form for that device.)
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)] // a window, with rotary tables and masks of its own
    public void Step_LayersOnAnotherDevice_MeetNoTensorOfTheFirst(bool window)
    {
        using var model = Shapes(window);
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        model.Move = (x, place) => place == 0 ? zeros(x.shape, dtype: x.dtype) : x.to(META);
        Decode(model);

        model.Move = (x, _) => x;
        Should.Throw<Exception>(() => Decode(model)).Message.ShouldContain("device");
    }

    [Fact]
    public void Join_TensorsOfSeveralDevices_KeepsTheirOrder()
    {
        using var scope = NewDisposeScope();
        Tensor[] tensors = [.. Enumerable.Range(0, 5).Select(i => full([2], i + 1f))];
        var groups = new List<int>();
        var sums = DeviceLists.Join(tensors, each =>
        {
            groups.Add(each.Length);
            return stack([.. each.Select(tensor => tensor.sum())]);
        }, tensor => tensor[0].item<float>() % 2);
        sums.data<float>().ToArray().ShouldBe([2, 4, 6, 8, 10]);
        groups.ShouldBe([3, 2]);
    }

    private static List<string> Record(CausalLm model)
    {
        var (hops, move) = (new List<string>(), model.Move);
        model.Move = (x, place) =>
        {
            hops.Add($"{place}");
            return move(x, place);
        };
        return hops;
    }

    // The weights after three steps, and their gradients on the way.
    private static List<float> Train(CausalLm model)
    {
        using var scope = NewDisposeScope();
        using var optimizer = new AdamW(model.Trainable, new OptimizerRecipe { LearningRate = 1e-2 });
        using var watch = new FiniteWatch();
        var seen = new List<float>();
        for (var step = 0; step < 3; step++)
        {
            using var batch = TokenBatch.Create([new([1, 5, 9, 2, 7, 3], 2), new([4, 8, 1, 6], 1)], CPU);
            model.TokenLogProbs(batch, chunk: 4).LogProbs.sum().neg().backward();
            seen.AddRange(model.Trainable.SelectMany(parameter => parameter.Tensor.grad!.data<float>().ToArray()));
            optimizer.ClipAndStep(1e-2, 1, watch, step);
        }
        watch.Check("");
        seen.AddRange(model.Trainable.SelectMany(parameter => parameter.Tensor.data<float>().ToArray()));
        return seen;
    }

    private static List<int> Generate(CausalLm model)
    {
        using var generator = new TorchGenerator(model, maxRows: 3);
        GenerationRequest[] requests = [new([1, 5, 9], [1, 2, 3], [0]), new([4, 8], [4, 5], [0])];
        return [.. generator.Generate(requests, new SamplingRecipe { MaxNewTokens = 20 }).SelectMany(request => request)
            .SelectMany(result => result.Tokens)];
    }

    private static void Decode(CausalLm model)
    {
        using var cache = model.CreateCache(2, 8);
        model.Step(tensor(new long[] { 7, 6 }), tensor(new long[] { 3, 2 }), 4, cache).shape.ShouldBe([2, 32]);
    }

    private static CausalLm Model(IReadOnlyList<Device> devices, ScalarType type, bool recompute, bool lora)
    {
        var model = CausalLm.Create(TestModels.Config(layers: 5), new Placement(CPU) { Devices = devices }, seed: 1);
        (model.ComputeType, model.Recompute) = (type, recompute);
        if (lora) LoraAdapter.Attach(model, new LoraConfig { Rank = 2, Alpha = 4 }, seed: 3);
        return model;
    }

    private static CausalLm Shapes(bool window)
    {
        var config = TestModels.Config(layers: 4);
        if (window)
            config = config with { Sliding = new(2, new([true, false, false, true])), LocalRope = config.Rope with { Theta = 500 } };
        return CausalLm.Create(config, new Placement(CPU) { Devices = [CPU, META] }, seed: 1);
    }
}

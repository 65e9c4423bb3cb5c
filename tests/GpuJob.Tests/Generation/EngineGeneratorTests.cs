using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Engines;
using R1Cloud.GpuJob.Models;
using R1Cloud.Inference;
using R1Cloud.InferenceServers;
using R1Cloud.InferenceServers.Sglang;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Testing;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Generation;

/// <summary>
/// An engine beside the worker that computes with the same decoder gives what the decoder gives, whatever the weights become.
/// </summary>
public sealed class EngineGeneratorTests : IDisposable
{
    private static readonly SamplingRecipe Sampling = new() { MaxNewTokens = 20, Temperature = 1, TopK = 0 };

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1.0, 0, 1.0)]
    [InlineData(0.7, 5, 0.9)]
    [InlineData(0.0, 0, 1.0)]
    public async Task Generate_ByAnEngine_IsWhatTheOwnDecoderGives(double temperature, int topK, double topP)
    {
        using var model = Model();
        await using var server = await ServerAsync(model);
        await using var links = Links(server);
        using var engine = links.Generator(SamplingEngine.Vllm, model);
        using var own = GeneratorFactory.Create(model, threads: 1);
        var sampling = Sampling with { Temperature = temperature, TopK = topK, TopP = topP };

        Same(engine.Generate(Requests(), sampling), own.Generate(Requests(), sampling));
    }

    [Fact]
    public async Task Generate_AfterAnUpdateWithAnAdapter_SamplesWithTheNewWeights()
    {
        using var model = Model();
        await using var server = await ServerAsync(model);
        await using var links = Links(server);
        using var engine = links.Generator(SamplingEngine.Vllm, model);
        using var own = GeneratorFactory.Create(model, threads: 1);
        var before = engine.Generate(Requests(), Sampling);

        LoraAdapter.Attach(model, new LoraConfig { Rank = 4, Alpha = 8, Targets = ["all-linear"] }, seed: 3);
        using (no_grad())
        {
            foreach (var (name, parameter) in model.Trainable)
            {
                using var generator = new Generator(Seeds.Derive(4, name));
                parameter.normal_(0, 0.2, generator);
            }
        }
        engine.Refresh();
        own.Refresh();

        var after = engine.Generate(Requests(), Sampling);
        Same(after, own.Generate(Requests(), Sampling));
        after[0][0].LogProbs.ShouldNotBe(before[0][0].LogProbs);
        server.Loaded.Count.ShouldBe(2);
        Directory.Exists(server.Loaded[0]).ShouldBeFalse("the old weights' folder goes");
    }

    [Fact]
    public async Task Generate_WhereTheEngineDrawsAnIdWithoutToken_IsRefused()
    {
        using var model = Model();
        await using var server = await ServerAsync(model);
        await using var links = Links(server);
        using var engine = links.Generator(SamplingEngine.Vllm, model);
        model.LeaveOut([.. Enumerable.Range(3, 26)]);
        Should.Throw<BadInputException>(() => engine.Generate(Requests(), Sampling)).Message.ShouldContain("which is no token");
    }

    // In its deterministic mode SGLang draws by requests' seeds.
    [Theory]
    [InlineData(1.0, 0, 1.0)]
    [InlineData(0.7, 5, 0.9)]
    [InlineData(0.0, 0, 1.0)]
    public async Task Generate_BySglang_IsWhatTheOwnDecoderGives(double temperature, int topK, double topP)
    {
        using var model = Model();
        var start = Directory.CreateDirectory(folder["start"]).FullName;
        model.Save(start);
        await using var server = await StandInSglang.StartAsync(start, new() { Deterministic = true });
        await using var links = new EngineLinks(new EngineSettings { Servers = [server.Address] }, folder.Path, TimeProvider.System,
            NullLogger.Instance);
        using var engine = links.Generator(SamplingEngine.Sglang, model);
        using var own = GeneratorFactory.Create(model, threads: 1);
        var sampling = Sampling with { Temperature = temperature, TopK = topK, TopP = topP };

        Same(engine.Generate(Requests(), sampling), own.Generate(Requests(), sampling));
    }

    private static CausalLm Model()
    {
        var model = TestModels.Create(TestModels.Config(tied: false));
        using (no_grad())
        {
            foreach (var (name, weight) in model.Weights.Where(weight => weight.Name.EndsWith("proj.weight", StringComparison.Ordinal)))
                weight.mul_(3);
        }
        return model;
    }

    private async Task<StandInVllm> ServerAsync(CausalLm model)
    {
        var start = Directory.CreateDirectory(folder["start"]).FullName;
        model.Save(start);
        return await StandInVllm.StartAsync(start);
    }

    private EngineLinks Links(StandInVllm server) =>
        new(new EngineSettings { Servers = [server.Address] }, folder.Path, TimeProvider.System, NullLogger.Instance);

    private static List<GenerationRequest> Requests() =>
        [new([5, 7, 9], [1, 2, 3], [1]), new([4, 11], [4], [1, 2]), new([20, 3, 8, 8], [5, 6], [])];

    private static void Same(IReadOnlyList<IReadOnlyList<GenerationResult>> engine, IReadOnlyList<IReadOnlyList<GenerationResult>> own)
    {
        foreach (var (there, here) in engine.SelectMany(group => group).Zip(own.SelectMany(group => group)))
        {
            there.Tokens.ShouldBe(here.Tokens);
            there.Finish.ShouldBe(here.Finish);
            there.LogProbs.ShouldBe(here.LogProbs);
        }
    }
}

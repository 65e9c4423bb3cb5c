using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Torch;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Tests.Models;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Generation;

/// <summary>How many rows are decoded at once follows from the memory there is, and decides nothing else.</summary>
public sealed class CacheRoomTests
{
    private static readonly SamplingRecipe Sampling = new() { MaxNewTokens = 12, Temperature = 0.8 };

    public static TheoryData<string> Names => EquivalenceTests.Names;

    [Fact]
    public void Room_Bytes_HoldRowsAtTheirLongestAndThePromptsBeingRead()
    {
        using var model = TestModels.Create(TestModels.Config()); // 2 layers of 2 · 2 heads of 8 numbers of 4 bytes a token
        double? bytes = 256 * 1000;
        using var generator = new TorchGenerator(model, room: () => bytes);
        generator.Room(longest: 99, prompt: 20).ShouldBe((7, 250), "750 tokens in rows of 99 and the step's own, 250 for prompts");
        bytes = 1;
        generator.Room(99, 20).ShouldBe((1, 20), "one at least");
        bytes = 1e12;
        generator.Room(99, 20).ShouldBe((256, 32768));
        bytes = null;
        generator.Room(99, 20).ShouldBe((256, 32768));
    }

    [Theory, MemberData(nameof(Names))]
    public void Generate_LittleRoom_DrawsTheSameTokens(string name)
    {
        using var model = TestModels.Create(EquivalenceTests.Configs[name]);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 5).Select(i =>
            new GenerationRequest([.. Enumerable.Range(1, 1 + i)], [(ulong)i, (ulong)i + 50], [7, 3]))];
        using TorchGenerator all = new(model), few = new(model, room: () => 60.0 * KvCache.TokenBytes(model.Config, ScalarType.Float32));
        few.Room(17, 5).Rows.ShouldBe(2);
        var (expected, actual) = (all.Generate(requests, Sampling), few.Generate(requests, Sampling));
        for (var r = 0; r < requests.Length; r++)
        {
            foreach (var (a, b) in expected[r].Zip(actual[r])) b.Tokens.ShouldBe(a.Tokens);
        }
    }
}

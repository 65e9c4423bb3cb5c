using R1Cloud.GpuJob.Gguf;
using R1Cloud.GpuJob.Weights;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Gguf;

/// <summary>Blocks that the gguf package made, and what it says that they stand for.</summary>
public sealed class GgufBlocksTests
{
    public static TheoryData<string> Types =>
        ["F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"];

    [Theory, MemberData(nameof(Types))]
    public void Read_Blocks_GivesTheirValues(string name)
    {
        using var scope = NewDisposeScope();
        using var file = Open();
        var expected = file.Read($"{name}.values").data<float>().ToArray();
        var values = new float[expected.Length];
        GgufTypes.Of(name).Read(file.Read($"{name}.bytes").data<byte>().ToArray(), values);
        values.ShouldBe(expected);
    }

    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("Q8_0")]
    public void Write_Values_GivesTheirBlocks(string name)
    {
        using var scope = NewDisposeScope();
        using var file = Open();
        var expected = file.Read($"{name}.bytes").data<byte>().ToArray();
        var blocks = new byte[expected.Length];
        GgufTypes.Of(name).Write!(file.Read("input").data<float>().ToArray(), blocks);
        blocks.ShouldBe(expected);
    }

    private static SafetensorsReader Open() => new(Path.Combine(Oracles.TestsFolder, "Oracles", "gguf_blocks.safetensors"));
}

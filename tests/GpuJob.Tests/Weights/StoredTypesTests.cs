using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Weights;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Weights;

/// <summary>Weights stored in fewer bits.</summary>
public sealed class StoredTypesTests
{
    [Fact]
    public void Decode_OracleBlocks_GivesTheirNumbers()
    {
        using var scope = NewDisposeScope();
        using var reader = new SafetensorsReader(Oracles.Model("fp8_block_scaled.safetensors"));
        var decoded = zeros(300, 200);
        Float8.Decode(reader.Read("layer.weight"), reader.Read("layer.weight_scale_inv"), (128, 128), decoded);
        (decoded - reader.Read("layer.expected")).abs().max().item<float>().ShouldBe(0);
        Should.Throw<ArgumentException>(() => Float8.Decode(reader.Read("layer.weight"), reader.Read("layer.weight_scale_inv"), (64, 128), decoded)).Message.ShouldContain("[5, 2] is needed");
    }

    [Theory]
    [InlineData(ScalarType.Float32, "logits_fp32_arithmetic", 1e-4f)]
    [InlineData(ScalarType.BFloat16, "logits_bf16_arithmetic", 0.35f)]
    public void Load_Bfloat16Shards_GivesTheOraclesLogits(ScalarType type, string logits, float tolerance)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = CausalLm.Load(Oracles.Model("qwen3_bf16_sharded"), new Placement(CPU, type));
        using var golden = new SafetensorsReader(Path.Combine(Oracles.Model("qwen3_bf16_sharded"), "golden.safetensors"));
        foreach (var (i, sequence) in Oracles.Json("models/qwen3_bf16_sharded/golden.json").GetProperty("sequences").EnumerateArray().Index())
        {
            var ids = sequence.Ints();
            var actual = model.forward(tensor(ids.Select(id => (long)id).ToArray(), [1, ids.Length])).squeeze(0);
            (actual - golden.Read($"{logits}.{i}")).abs().max().item<float>().ShouldBeLessThan(tolerance);
        }
    }

    [Fact]
    public void CopyTo_OtherType_ConvertsPieceByPiece()
    {
        using var scope = NewDisposeScope();
        var path = Path.GetTempFileName();
        var source = randn(3000, 1500).to(ScalarType.BFloat16); // more than one piece
        SafetensorsWriter.Write(path, [("a", source)]);
        using (var reader = new SafetensorsReader(path))
        {
            var target = zeros(3000, 1500);
            reader.CopyTo("a", target);
            target.equal(source.to(ScalarType.Float32)).all().item<bool>().ShouldBeTrue();
        }
        File.Delete(path);
    }
}

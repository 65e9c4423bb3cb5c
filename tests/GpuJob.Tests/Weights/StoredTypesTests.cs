using R1Cloud.Testing;
using System.Text;
using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Weights;

/// <summary>Weights stored in fewer bits.</summary>
public sealed class StoredTypesTests
{
    public static TheoryData<string> Blocks =>
        [.. Directory.GetFiles(Oracles.Model(""), "*.safetensors").Select(file => Path.GetFileName(file))];

    public static TheoryData<string> HalfModels => Oracles.HalfModels;

    [Theory, MemberData(nameof(Blocks))]
    public void Decode_OracleBlocks_GivesTheirNumbers(string file)
    {
        using var scope = NewDisposeScope();
        using var reader = new SafetensorsReader(Oracles.Model(file));
        foreach (var name in reader.Tensors.Keys.Where(name => name.EndsWith(".weight", StringComparison.Ordinal)))
        {
            var (expected, scales) =
                (reader.Read(name.Replace(".weight", ".expected", StringComparison.Ordinal)), reader.Read(name + Float8.ScaleSuffix));
            var decoded = zeros_like(expected);
            Float8.Decode(reader.Read(name), scales, (128, 128), decoded);
            (decoded - expected).abs().max().item<float>().ShouldBe(0);
            Should.Throw<ArgumentException>(() => Float8.Decode(reader.Read(name), cat([scales, scales]), (128, 128), decoded))
                .Message.ShouldContain($"[{scales.shape[0]}, {scales.shape[1]}] is needed");
        }
    }

    /// <summary>Every size around the blocks' borders, number by number.</summary>
    [Fact]
    public void Decode_AnyShapeAndBlock_IsEachNumberTimesItsBlocksScale()
    {
        var random = new Random(7);
        for (var i = 0; i < 60; i++)
        {
            using var scope = NewDisposeScope();
            int rows = random.Next(1, 40), columns = random.Next(1, 40), high = random.Next(1, 20), wide = random.Next(1, 20);
            var bytes = Enumerable.Range(0, rows * columns).Select(_ => (byte)random.Next(256)).ToArray();
            int bands = (rows + high - 1) / high, across = (columns + wide - 1) / wide;
            var scales = Enumerable.Range(0, bands * across).Select(_ => (float)random.NextDouble() - 0.25f).ToArray();
            var decoded = zeros(rows, columns);
            Float8.Decode(tensor(bytes, [rows, columns]), tensor(scales, [bands, across]), (high, wide), decoded);
            var actual = decoded.data<float>().ToArray();
            for (var at = 0; at < actual.Length; at++)
                actual[at].ShouldBe(Value(bytes[at]) * scales[(at / columns / high * across) + (at % columns / wide)],
                    $"{rows} × {columns} in {high} × {wide} at {at}");
        }

        static float Value(int bits)
        {
            if ((bits & 127) == 127) return float.NaN;
            var (exponent, mantissa) = ((bits >> 3) & 15, bits & 7);
            var size = exponent == 0 ? mantissa / 512f : MathF.ScaleB(8 + mantissa, exponent - 10);
            return bits < 128 ? size : -size;
        }
    }

    /// <summary>
    /// In 16 bits two right implementations differ by their roundings: ours must be no farther from 32 bits than the oracle's.
    /// </summary>
    [Theory, MemberData(nameof(HalfModels))]
    public void Load_Bfloat16_GivesTheOraclesLogits(string name)
    {
        using var scope = NewDisposeScope();
        using var golden = new SafetensorsReader(Path.Combine(Oracles.Model(name), "golden.safetensors"));
        var sequences = Oracles.Json($"models/{name}/golden.json").GetProperty("sequences").EnumerateArray()
            .Select(sequence => sequence.Ints()).ToArray();
        Tensor Golden(string arithmetic) => cat([.. sequences.Select((_, i) => golden.Read($"logits_{arithmetic}_arithmetic.{i}"))]);
        var (exact, rounded) = (Golden("fp32"), Golden("bf16"));

        (Logits(name, ScalarType.Float32, sequences) - exact).abs().max().item<float>().ShouldBeLessThan(1e-4f);
        (Logits(name, ScalarType.BFloat16, sequences) - exact).norm().item<float>()
            .ShouldBeLessThan(1.2f * (rounded - exact).norm().item<float>());
    }

    private static Tensor Logits(string name, ScalarType type, int[][] sequences)
    {
        using var _ = no_grad();
        using var model = CausalLm.Load(Oracles.Model(name), new Placement(CPU, type));
        return cat([.. sequences.Select(ids => model.forward(tensor(ids.Select(id => (long)id).ToArray(), [1, ids.Length])).squeeze(0))]);
    }

    /// <summary>A matrix of 8-bit floats inside a model, its sides no multiples of the block's.</summary>
    [Fact]
    public void Load_ModelWithFloat8Matrix_DecodesItByBlocks()
    {
        using var scope = NewDisposeScope();
        const string Name = "model.layers.0.mlp.gate_proj.weight"; // [160, 64]
        var folder = Directory.CreateTempSubdirectory().FullName;
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Oracles.Model("llama"), "config.json")))!.AsObject();
        config["quantization_config"] =
            JsonNode.Parse("""{"quant_method":"fp8","fmt":"e4m3","activation_scheme":"dynamic","weight_block_size":[128,48]}""");
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        var bytes = randint(0, 120, [160, 64], dtype: ScalarType.Byte);
        var scales = rand(2, 2) + 0.5;
        void WriteModel(Tensor scaled)
        {
            using var source = new SafetensorsReader(Path.Combine(Oracles.Model("llama"), "model.safetensors"));
            var path = Path.Combine(folder, "model.safetensors");
            SafetensorsWriter.Write(path,
                [.. source.Tensors.Keys.Where(name => name != Name).Select(name => (name, source.Read(name))), (Name, bytes),
                    (Name + "_scale_inv", scaled)]);
            // The writer has no name for 8-bit floats: put it into the header.
            var file = File.ReadAllBytes(path);
            var length = (int)BitConverter.ToInt64(file);
            var header = Encoding.UTF8.GetString(file, 8, length).TrimEnd().Replace("\"U8\"", "\"F8_E4M3\"", StringComparison.Ordinal);
            File.WriteAllBytes(path,
                [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header), .. file[(8 + length)..]]);
        }
        WriteModel(scales);
        using (var model = CausalLm.Load(folder, CPU))
        {
            var expected = zeros(160, 64);
            Float8.Decode(bytes, scales, (128, 48), expected);
            model.Weights.Single(weight => weight.Name == Name).Tensor.equal(expected).all().item<bool>().ShouldBeTrue();
            expected[130, 50].item<float>().ShouldBe(Value(bytes[130, 50].item<byte>()) * scales[1, 1].item<float>(), 1e-6f);
        }
        WriteModel(scales.narrow(0, 0, 1));
        Should.Throw<BadInputException>(() => CausalLm.Load(folder, CPU)).Message.ShouldContain("[2, 2] is needed");
        Directory.Delete(folder, recursive: true);

        // Below 120 there is neither a sign nor NaN.
        static float Value(int bits) => bits < 8 ? bits / 512f : (1 + ((bits & 7) / 8f)) * MathF.Pow(2, (bits >> 3) - 7);
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

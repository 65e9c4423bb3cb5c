using System.Text;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Strangers;

/// <summary>Weights of strangers: the tensor that does not fit is named.</summary>
public sealed class StrangersWeightsTests
{
    private const string Weights = "model.safetensors", Index = "model.safetensors.index.json", Norm = "model.norm.weight",
        Head = "lm_head.weight", Embedding = "model.embed_tokens.weight";

    [Fact]
    public void Load_IndexOfTheWrongKind_IsNamed()
    {
        using var folder = new StrangersFolder();
        var shards = folder.At("shards");
        using (var model = CausalLm.Load(folder.Root, CPU))
            ModelExport.Write(model, shards, ScalarType.Float32, folder.Root, shardBytes: 8_000);
        CausalLm.Load(shards, CPU).Dispose();
        var index = File.ReadAllText(Path.Combine(shards, Index));
        void ShouldSay(string content, string named)
        {
            File.WriteAllText(Path.Combine(shards, Index), content);
            folder.Refusal(_ => CausalLm.Load(shards, CPU).Dispose()).ShouldContain(named);
        }
        ShouldSay("""{ "weight_map": null }""", "weight_map");
        ShouldSay("""{ "weight_map": [] }""", "weight_map");
        ShouldSay("[1]", "must be a JSON object");
        ShouldSay(index.Replace("\"model-00001-of", "null, \"x\": \"model-00001-of", StringComparison.Ordinal), "its shard is null");
        var named = index.IndexOf($"\"{Norm}\"", StringComparison.Ordinal);
        var end = index.IndexOf('\n', named);
        var comma = index[..named].LastIndexOf(',');
        ShouldSay(index[end - 1] == ',' ? index.Remove(named, end - named) : index.Remove(comma, end - comma), "is in the file, but");
        File.WriteAllText(Path.Combine(shards, Index), index);
        File.Copy(folder.At(Weights), Path.Combine(shards, Weights));
        folder.Refusal(_ => CausalLm.Load(shards, CPU).Dispose()).ShouldContain("remove the one or the other");
    }

    [Fact]
    public void Load_TiedButAnotherHead_IsRefused()
    {
        using var folder = new StrangersFolder(tied: true);
        folder.WithTensors(Weights, tensors => tensors[Head] = tensors[Embedding].clone());
        CausalLm.Load(folder.Root, CPU).Dispose(); // stored a second time
        folder.WithTensors(Weights, tensors => tensors[Head] = tensors[Embedding].to(ScalarType.Float64));
        CausalLm.Load(folder.Root, CPU).Dispose();
        folder.WithTensors(Weights, tensors => tensors[Head] = tensors[Embedding] + 1e-3);
        folder.Refusal().ShouldContain("tie_word_embeddings");
        Should.Throw<BadInputException>(() => ModelFolder.Check(folder.Root)).Message.ShouldContain(Head);
        folder.With("config.json", ("tie_word_embeddings", "false"));
        CausalLm.Load(folder.Root, CPU).Dispose();
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Load_WeightThatIsNotFinite_NamesTheTensor(float value)
    {
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float64 })
        {
            using var folder = new StrangersFolder();
            const string Up = "model.layers.0.mlp.up_proj.weight";
            folder.WithTensors(Weights, tensors =>
            {
                tensors[Up][3, 5] = tensor(value);
                tensors[Up] = tensors[Up].to(type);
            });
            folder.Refusal().ShouldContain(Up);
            Directory.Delete(folder.At(StrangersFolder.Adapter), recursive: true);
            folder.Refusal(root => ModelFolder.Check(root)).ShouldContain(Up);
        }
    }

    /// <summary>Small numbers, the largest ones and −0 are finite, wherever they stand.</summary>
    [Fact]
    public void FindNotFinite_ExtremeNumbers_AreFinite()
    {
        using var scope = NewDisposeScope();
        var path = Path.GetTempFileName();
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float64 })
        {
            var largest = type == ScalarType.Float16 ? 65504.0 : 3e38;
            var numbers = cat([zeros(37), tensor(new[] { -0f, 1e-40f, 1, -1 })]).to(ScalarType.Float64);
            numbers[1] = tensor(largest);
            numbers[40] = tensor(-largest);
            SafetensorsWriter.Write(path, [("a", numbers.to(type)), ("b", zeros(0).to(type))]);
            using (var reader = new SafetensorsReader(path)) reader.FindNotFinite().ShouldBeNull(type.ToString());
            foreach (var at in new[] { 0, 15, 31, 32, 40 })
            {
                var broken = numbers.clone();
                broken[at] = tensor(double.NaN);
                SafetensorsWriter.Write(path, [("a", numbers.to(type)), ("c", broken.to(type))]);
                using var reader = new SafetensorsReader(path);
                reader.FindNotFinite().ShouldBe("c", $"{type} {at}");
            }
        }
        File.Delete(path);
    }

    [Fact]
    public void Load_VectorIn8Bits_IsRefused()
    {
        using var folder = new StrangersFolder();
        folder.WithTensors(Weights, tensors =>
        {
            tensors[Norm] = zeros(16, dtype: ScalarType.Byte);
            tensors[Norm + "_scale_inv"] = ones(1);
        });
        InFloat8(folder);
        folder.Refusal().ShouldContain($"'{Norm}' is a vector in 8 bits");
    }

    [Fact]
    public void Load_Matrix8BitsWithoutBlockSize_IsRefused()
    {
        using var folder = new StrangersFolder();
        const string Name = "model.layers.0.mlp.up_proj.weight";
        folder.WithTensors(Weights, tensors =>
        {
            tensors[Name] = zeros(24, 16, dtype: ScalarType.Byte);
            tensors[Name + "_scale_inv"] = ones(1, 1);
        });
        InFloat8(folder);
        folder.Refusal().ShouldContain("weight_block_size");
        folder.With("config.json", ("quantization_config", """{ "quant_method": "fp8", "weight_block_size": [128, 128] }"""));
        CausalLm.Load(folder.Root, CPU).Dispose();
    }

    // The writer has no name for 8-bit floats: put it into the header.
    private static void InFloat8(StrangersFolder folder)
    {
        var file = File.ReadAllBytes(folder.At(Weights));
        var length = (int)BitConverter.ToInt64(file);
        var header = Encoding.UTF8.GetString(file, 8, length).TrimEnd().Replace("\"U8\"", "\"F8_E4M3\"", StringComparison.Ordinal);
        File.WriteAllBytes(folder.At(Weights),
            [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header), .. file[(8 + length)..]]);
    }
}

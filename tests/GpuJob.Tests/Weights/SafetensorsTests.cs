using System.Buffers.Binary;
using System.Text;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Weights;

public sealed class SafetensorsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string At(string name) => Path.Combine(folder, name);

    [Fact]
    public async Task Open_OfAPipe_IsRefusedWithoutWaitingForAWriter()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "This system does not tell a pipe from a file.");
        using (var made = System.Diagnostics.Process.Start("mkfifo", At("model.safetensors")))
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        var opening = Task.Run(() => Should.Throw<WeightsFormatException>(() => new SafetensorsReader(At("model.safetensors"))));
        try
        {
            (await opening.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken)).Message.ShouldContain("a pipe");
        }
        catch (TimeoutException)
        {
            File.OpenWrite(At("model.safetensors")).Dispose(); // whoever waits may go
            throw;
        }
    }

    [Fact]
    public void Write_AllTypes_ReadsBackBitwise()
    {
        using var scope = NewDisposeScope();
        var tensors = new[] { ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64, ScalarType.Int32,
            ScalarType.Float64, ScalarType.Byte, ScalarType.Bool }
            .Select(type => ($"t.{type}", (randn(3, 5) * 100).to(type)))
            .Append(("scalar", tensor(3L))).Append(("empty", zeros(0, 4))).Append(("transposed", randn(4, 6).t())).ToArray();
        SafetensorsWriter.Write(At("a"), tensors, new Dictionary<string, string> { ["note"] = "é" });
        SafetensorsWriter.Write(At("b"), tensors.Reverse(), new Dictionary<string, string> { ["note"] = "é" });
        File.ReadAllBytes(At("a")).ShouldBe(File.ReadAllBytes(At("b")));

        using var reader = new SafetensorsReader(At("a"));
        reader.Metadata["note"].ShouldBe("é");
        reader.Tensors.Count.ShouldBe(tensors.Length);
        foreach (var (name, expected) in tensors)
        {
            var read = reader.Read(name);
            read.shape.ShouldBe(expected.shape);
            read.dtype.ShouldBe(expected.dtype);
            if (expected.numel() > 0) read.bytes.SequenceEqual(expected.contiguous().bytes).ShouldBeTrue(name);
        }
        (BinaryPrimitives.ReadInt64LittleEndian(File.ReadAllBytes(At("a"))) % 8).ShouldBe(0);
    }

    [Fact]
    public void Read_PublishedFile_IsRewrittenWithTheSameTensors()
    {
        using var scope = NewDisposeScope();
        using var source = new SafetensorsReader(Path.Combine(Oracles.Model("llama"), "model.safetensors"));
        SafetensorsWriter.Write(At("copy"), source.Tensors.Keys.Select(name => (name, source.Read(name))));
        using var copy = new SafetensorsReader(At("copy"));
        foreach (var name in source.Tensors.Keys) copy.Read(name).bytes.SequenceEqual(source.Read(name).bytes).ShouldBeTrue(name);
    }

    [Fact]
    public void Open_Shards_FindsEveryTensor()
    {
        using var scope = NewDisposeScope();
        using var model = SafetensorsModel.Open(Oracles.Model("qwen3_bf16_sharded"));
        var names = model.Tensors.Select(pair => pair.Key).ToArray();
        names.Length.ShouldBeGreaterThan(20);
        model.Read("model.embed_tokens.weight").dtype.ShouldBe(ScalarType.BFloat16);

        foreach (var file in Directory.GetFiles(Oracles.Model("qwen3_bf16_sharded"), "model*")) File.Copy(file, At(Path.GetFileName(file)));
        File.Delete(At("model-00002-of-00003.safetensors"));
        Should.Throw<WeightsFormatException>(() => SafetensorsModel.Open(folder)).Message.ShouldContain("model-00002-of-00003");
    }

    public static TheoryData<string, string> Malformed => new()
    {
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "takes 8 bytes" },
        { """{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "truncated" },
        { """{"a":{"dtype":"F8_E5M2","shape":[8],"data_offsets":[0,8]}}""", "F8_E5M2" },
        { """{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "-2" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "gap" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "end at byte" },
        { """{"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,8]}}""", "too large" },
        { """{"a":{"dtype":"F32","data_offsets":[0,8]}}""", "shape" },
        { """{"a":7}""", "not an object" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", "JSON" },
        { """[]""", "JSON object" },
        { """{"__metadata__":{"x":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "__metadata__" },
    };

    [Theory, MemberData(nameof(Malformed))]
    public void Open_MalformedHeader_NamesFileAndProblem(string header, string named)
    {
        var bytes = new byte[8 + header.Length + 8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        Encoding.UTF8.GetBytes(header).CopyTo(bytes, 8);
        File.WriteAllBytes(At("bad.safetensors"), bytes);
        if (named.Length == 0)
        {
            using var reader = new SafetensorsReader(At("bad.safetensors"));
            reader.Tensors.Count.ShouldBe(1);
            Should.Throw<WeightsFormatException>(() => reader.Read("b")).Tensor.ShouldBe("b");
            return;
        }
        var error = Should.Throw<WeightsFormatException>(() => new SafetensorsReader(At("bad.safetensors")));
        error.Message.ShouldContain(named);
        error.File.ShouldBe(At("bad.safetensors"));
    }

    [Fact]
    public void Open_TruncatedAnywhere_IsRefused()
    {
        var whole = File.ReadAllBytes(Path.Combine(Oracles.Model("llama"), "model.safetensors"));
        foreach (var length in new[] { 0, 5, 8, 100, 1000, whole.Length / 2, whole.Length - 1 })
        {
            File.WriteAllBytes(At("torn"), whole[..length]);
            Should.Throw<WeightsFormatException>(() => new SafetensorsReader(At("torn")));
        }
    }

    [Fact]
    public void Load_WrongTensors_NamesEveryOne()
    {
        using var scope = NewDisposeScope();
        using var model = TestModels.Create(TestModels.Config());
        model.Save(folder);
        using (var source = new SafetensorsReader(At("model.safetensors")))
        {
            var tensors = source.Tensors.Keys.Where(name => name != "model.norm.weight")
                .Select(name => (name, name == "model.embed_tokens.weight" ? zeros(2, 2) : source.Read(name)))
                    .Append(("extra.weight", zeros(1))).ToArray();
            SafetensorsWriter.Write(At("model.new"), tensors);
        }
        File.Move(At("model.new"), At("model.safetensors"), overwrite: true);
        var message = Should.Throw<BadInputException>(() => CausalLm.Load(folder, CPU)).Message;
        message.ShouldContain("'model.norm.weight' is missing");
        message.ShouldContain("'model.embed_tokens.weight' has shape [2, 2], [29, 32] is needed");
        message.ShouldContain("'extra.weight' is unknown");
    }

    [Fact]
    public void Save_TiedModel_LoadsWithTheSameLogits()
    {
        using var scope = NewDisposeScope();
        using var model = TestModels.Create(TestModels.Config(bias: true));
        model.Save(folder);
        using var loaded = CausalLm.Load(folder, CPU);
        loaded.Weights.Select(weight => weight.Name).ShouldNotContain("lm_head.weight");
        var ids = tensor(new long[] { 1, 2, 3, 4 }, [1, 4]);
        loaded.forward(ids).bytes.SequenceEqual(model.forward(ids).bytes).ShouldBeTrue();
    }
}

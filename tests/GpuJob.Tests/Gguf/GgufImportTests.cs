using R1Cloud.GpuJob.Gguf;
using R1Cloud.GpuJob.Jobs.Importing;
using R1Cloud.GpuJob.ModelFiles;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Tests.Jobs;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;
using R1Cloud.Tokenizers.Tests;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Gguf;

public sealed class GgufImportTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>What a run is given as one file becomes a checkpoint of the same weights.</summary>
    [Fact]
    public async Task Import_GgufFile_IsTheModelThatWasPacked()
    {
        var path = Packed(out var model);
        using var _ = model;
        using var jobs = new JobRunner();
        var outcome = await jobs.RunAsync(_ => new ImportHandler(),
            new ImportJob { Seed = 3, Stage = "base", Settings = new ImportStage { Path = path }, Checkpoint = "base/", Step = 1 });
        outcome.Metrics[MetricNames.Parameters].ShouldBe(model.Config.ParameterCount());
    }

    /// <summary>A file that was pushed is a blob of its own, not a folder of blobs.</summary>
    [Fact]
    public async Task Import_GgufFileInStorage_IsTheSameAsFromDisk()
    {
        var path = Packed(out var model);
        model.Dispose();
        using var jobs = new JobRunner();
        await jobs.Blobs.UploadAsync("pushed/1/model.gguf", path);
        foreach (var (from, to) in new[] { (path, "disk/"), ("blob:pushed/1/model.gguf", "stored/") })
        {
            await jobs.RunAsync(_ => new ImportHandler(),
                new ImportJob { Seed = 3, Stage = "base", Settings = new ImportStage { Path = from }, Checkpoint = to, Step = 1 });
        }
        (await jobs.HashAsync("stored/")).ShouldBe(await jobs.HashAsync("disk/"));
    }

    [Fact]
    public void Unpack_WithoutWeights_TellsShapeAndTokenizer()
    {
        var path = Packed(out var model);
        using var _ = model;
        GgufUnpacking.Unpack(path, folder["look"], weights: false);
        ModelConfig.Load(folder["look"]).HiddenSize.ShouldBe(model.Config.HiddenSize);
        File.Exists(Path.Combine(folder["look"], "tokenizer.json")).ShouldBeTrue();
        File.Exists(Path.Combine(folder["look"], "model.safetensors")).ShouldBeFalse();
    }

    private string Packed(out CausalLm model)
    {
        var published = PublishedTokenizers.Folder("llama2");
        model = TestModels.Create(TestModels.Config(hidden: 32, vocabulary: 32_000));
        ModelExport.Write(model, folder["source"], ScalarType.Float32);
        foreach (var file in ModelFolder.CompanionsIn(published))
            File.Copy(Path.Combine(published, file), Path.Combine(folder["source"], file), overwrite: true);
        GgufPacking.Pack(folder["source"], folder["model.gguf"], "float16");
        return folder["model.gguf"];
    }
}

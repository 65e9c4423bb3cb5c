using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Numerics;

/// <summary>
/// A tiny training, a generation and an update, compared bit by bit with what <see cref="TrainerNumerics.Version"/> stands for: a change of
/// arithmetic cannot pass without a new version, after which nothing that was made before is reused.
/// </summary>
public sealed class GoldenBitsTests : IDisposable
{
    // Raise TrainerNumerics.Version with these, unless they were only extended.
    private const int GoldenVersion = 4;

    // The bits by the kind of processor: those of the fastest kernels, and those under Capped. The latter stay the same on one maker's
    // processors whatever those can do; on an emulated Intel Nehalem they differ from AMD's.
    private static readonly Dictionary<string, string> Goldens = new()
    {
        ["linux AuthenticAMD capped"] = "88eabe13e9e6233b d89771b845ada24a 648b7363086bb016",
        ["linux AuthenticAMD avx512"] = "4acce07172d0faae bb34c32902386dee 7056505dc1baa024",
    };

    // Holds all libraries to what every x64 processor has.
    private static readonly Dictionary<string, string> Capped = new()
    {
        ["ATEN_CPU_CAPABILITY"] = "default", ["ONEDNN_MAX_CPU_ISA"] = "SSE41", ["MKL_CBWR"] = "COMPATIBLE",
            ["DOTNET_EnableHWIntrinsic"] = "0",
        // The C library chooses its exp and log by the processor, too.
        ["GLIBC_TUNABLES"] = "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F,-AVX512VL",
    };

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Version_IsThatOfTheGoldens() =>
        TrainerNumerics.Version.ShouldBe(GoldenVersion, "the bits below are to be made again with the version");

    [Fact]
    public Task Bits_UnderCappedInstructionSets_AreTheVersions() => CheckAsync(Capped, "capped");

    [Fact]
    public Task Bits_OfTheFastestKernels_AreTheVersions() =>
        CheckAsync(new Dictionary<string, string>(), Avx512F.IsSupported ? "avx512" : Avx2.IsSupported ? "avx2" : "sse");

    private async Task CheckAsync(IReadOnlyDictionary<string, string> environment, string kernels)
    {
        Assert.SkipUnless(X86Base.IsSupported, "The table knows x64 processors alone.");
        var kind = $"{Machine} {kernels}";
        var bits = await BitsAsync(environment);
        if (!Goldens.TryGetValue(kind, out var golden))
            Assert.Skip($"This kind of processor is not in the table yet. Add: [\"{kind}\"] = \"{bits}\",");
        bits.ShouldBe(golden, Advice);
    }

    /// <summary>
    /// Work is cut by sizes alone where the processor has the kernels' instructions: then any number of threads gives the same bits.
    /// Elsewhere libtorch cuts sums among threads, and the same number gives the same, which is why a run keeps its own.
    /// </summary>
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Bits_OfANumberOfThreads_AreThoseOfOne(int threads)
    {
        var bits = await BitsAsync(new Dictionary<string, string>(), threads);
        // What a parent says of threads is not heeded: the job's own number is.
        (await BitsAsync(new Dictionary<string, string> { ["OMP_NUM_THREADS"] = "3", ["MKL_NUM_THREADS"] = "3" }, threads)).ShouldBe(bits);
        if (Avx2.IsSupported && Fma.IsSupported) (await BitsAsync(new Dictionary<string, string>())).ShouldBe(bits);
    }

    private static string Advice =>
        $"the arithmetic has changed: raise {nameof(TrainerNumerics)}.{nameof(TrainerNumerics.Version)}, and put the new bits here";

    private static string Machine
    {
        get
        {
            var (_, b, c, d) = X86Base.CpuId(0, 0);
            var vendor = Encoding.ASCII.GetString([.. BitConverter.GetBytes(b), .. BitConverter.GetBytes(d), .. BitConverter.GetBytes(c)]);
            var system = OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsWindows() ? "windows" : "macos";
            return $"{system} {vendor}";
        }
    }

    // The hash of all that a training, a generation and an update leave, in processes with the given environment.
    private async Task<string> BitsAsync(IReadOnlyDictionary<string, string> environment, int threads = 1)
    {
        var blobs = new FolderBlobStore(folder["blobs"]);
        var tasks = new Dictionary<string, TaskRecipe> { ["addition"] = new ArithmeticTask() };
        var rl = new RlStage
        {
            Task = "addition", From = "base", Questions = 4, GroupSize = 4, MiniBatches = 1, Sampling = new() { MaxNewTokens = 24 },
                Loss = new() { KlWeight = 0.01 },
            Rewards = new Dictionary<string, RewardRecipe> { ["accuracy/exact"] = 1, ["length/cosine"] = 0.5 },
                Optimizer = new() { LearningRate = 1e-3 },
        };
        // Wide enough for the kernels of large products.
        var base0 = await RunAsync(environment, threads, "base", new PretrainJob
        {
            Tasks = tasks, Checkpoint = "base/", Settings = new()
            {
                Task = "addition", Steps = 4, BatchSize = 16, Corpus = new() { Tagged = 0.5, Guesses = 0.5 },
                    Optimizer = new() { LearningRate = 3e-3, WarmupSteps = 2 },
                Model = new() { HiddenSize = 256, Layers = 1, Heads = 4, KvHeads = 2, IntermediateSize = 256, MaxPositions = 64 },
            },
        });
        var rollout =
            await RunAsync(environment, threads, "rollout",
                new RolloutJob { Settings = rl, Tasks = tasks, Iteration = 0, Policy = base0.Outputs["checkpoint"], FirstQuestion = 0,
                    QuestionCount = 4, Output = "rollout" });
        var update = await RunAsync(environment, threads, "update", new UpdateJob
        {
            Settings = rl, Iteration = 0, Policy = base0.Outputs["checkpoint"], Reference = base0.Outputs["checkpoint"],
                Rollouts = [rollout.Outputs["tokens"]], Checkpoint = "step-1/",
        });
        var checkpoints = new CheckpointStore(blobs);
        string[] hashes =
        [
            (await checkpoints.ReadAsync(base0.Outputs["checkpoint"])).Files["model.safetensors"].Sha256,
            Convert.ToHexStringLower(SHA256.HashData((await blobs.TryReadAsync(rollout.Outputs["tokens"]))!.ToMemory().Span)),
            (await checkpoints.ReadAsync(update.Outputs["checkpoint"])).Files["model.safetensors"].Sha256,
        ];
        return string.Join(' ', hashes.Select(hash => hash[..16]));
    }

    private async Task<JobResult> RunAsync(IReadOnlyDictionary<string, string> environment, int threads, string name, JobPayload payload)
    {
        var spec = new JobSpec { RunId = "golden", JobId = name, Payload = payload with { Seed = 11, Stage = name } };
        var file = folder[$"{name}.json"];
        await File.WriteAllBytesAsync(file, JsonSerializer.SerializeToUtf8Bytes(spec, R1Json.Options));
        var start = new ProcessStartInfo("dotnet",
            [Repository.Built("GpuJob", "gpujob.dll"), "run-job", file, "--storage", folder["blobs"], "--device", "cpu", "--threads",
                $"{threads}"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment[CheckpointStore.CacheVariable] = folder["cache"];
        foreach (var variable in Capped.Keys) start.Environment.Remove(variable);
        foreach (var (variable, value) in environment) start.Environment[variable] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, await errors);
        return JsonSerializer.Deserialize<JobResult>(output, R1Json.Options)!;
    }
}

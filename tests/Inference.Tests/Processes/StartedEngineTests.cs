using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.Inference.Processes;
using R1Cloud.Inference.Serving;
using R1Cloud.Inference.Sglang;
using R1Cloud.Inference.Vllm;
using R1Cloud.Inference.Wire;
using R1Cloud.Testing;

namespace R1Cloud.Inference.Tests.Processes;

public sealed class StartedEngineTests : IDisposable
{
    private readonly TempFolder folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sample_ByAnEngineThatDiesInTheMidst_StartsItAnew_AndLeavesNothingBehind()
    {
        var weights = WeightsFolders.Proven(folder, "UA");
        await using var engine = Engine("""{"diesAfter":8}""");
        await using (var pool = new EnginePool([engine], new ServingOptions { Concurrency = 4 }, TimeProvider.System, NullLogger.Instance))
        {
            await pool.HandOverAsync(weights, Cancellation);
            var finished = 0;
            await pool.SampleAsync([.. Enumerable.Range(0, 12).Select(i => Engines.Ask((ulong)i))],
                (_, _) => Interlocked.Increment(ref finished), Cancellation);
            finished.ShouldBe(12);
        }
        Alive(folder.Path).ShouldBeEmpty(); // neither the engine nor the child that it left
    }

    [Fact]
    public async Task Start_OfAProgramThatEnds_SaysItsLastWords()
    {
        await using var engine = new StartedEngine(new EngineLaunch("/bin/sh", _ => ["-c", "echo no such GPU >&2; exit 3"],
            _ => new Dictionary<string, string>()), Engines.Vllm, new(), TimeProvider.System, NullLogger.Instance);
        var error = await Should.ThrowAsync<EngineException>(() => engine.StartAsync(folder.Path, 0, Cancellation));
        error.Message.ShouldContain("ended with code 3");
        error.Message.ShouldContain("no such GPU");
    }

    [Fact]
    public async Task Start_OfAProgramThatIsNotThere_AsksWhetherItIsInstalled()
    {
        await using var engine = new StartedEngine(new EngineLaunch("no-such-engine", _ => [], _ => new Dictionary<string, string>()),
            Engines.Vllm, new(), TimeProvider.System, NullLogger.Instance);
        (await Should.ThrowAsync<EngineException>(() => engine.StartAsync(folder.Path, 0, Cancellation))).Message
            .ShouldContain("Is 'no-such-engine' installed?");
    }

    [Fact]
    public async Task Environment_OfAnEngine_HasNoKeysOfOthers()
    {
        Environment.SetEnvironmentVariable("R1_TEST_SECRET", "secret");
        var told = folder["environment"];
        await using var engine = new StartedEngine(new EngineLaunch("/bin/sh", _ => ["-c", $"env > {told}; exit 1"],
            key => VllmLaunch.Of("vllm", [], "auto", "1").Environment(key)), Engines.Vllm, new(), TimeProvider.System, NullLogger.Instance);
        await Should.ThrowAsync<EngineException>(() => engine.StartAsync(folder.Path, 0, Cancellation));
        var variables = File.ReadAllLines(told).Select(line => line.Split('=')[0]).ToList();
        variables.ShouldContain("VLLM_API_KEY");
        variables.ShouldContain("CUDA_VISIBLE_DEVICES");
        variables.ShouldNotContain("R1_TEST_SECRET");
    }

    [Theory]
    [InlineData("--trust-remote-code")]
    [InlineData("--host=0.0.0.0")]
    [InlineData("--load-format")]
    public void Launch_WithAnArgumentThatIsOurs_IsRefused(string argument) =>
        Should.Throw<Shared.BadInputException>(() => VllmLaunch.Of("vllm", [argument], "auto", null)).Message
            .ShouldContain(argument.Split('=')[0]);

    [Theory]
    [InlineData("--api-key")]
    [InlineData("--dp_size=2")]
    [InlineData("--random-seed")]
    public void LaunchOfSglang_WithAnArgumentThatIsOurs_IsRefused(string argument) =>
        Should.Throw<Shared.BadInputException>(() => SglangLaunch.Of("sglang", [argument], "auto", null)).Message
            .ShouldContain(argument.Split('=')[0]);

    // Every user of the machine can read arguments; the file is this user's own and goes once it was read.
    [Fact]
    public async Task Start_OfAnEngineThatTakesItsKeyFromAFile_ShowsItToNobodyElse()
    {
        var told = folder["arguments"];
        var sglang = SglangLaunch.Of("/bin/sh", [], "auto", null);
        await using var engine = new StartedEngine(sglang with
        {
            Arguments = start => ["-c", $"ls -l {start.KeyFile} > {told}; cat {start.KeyFile} >> {told}; exit 1",
                .. sglang.Arguments(start)],
        }, Engines.Vllm, new(), TimeProvider.System, NullLogger.Instance);
        await Should.ThrowAsync<EngineException>(() => engine.StartAsync(folder.Path, 0, Cancellation));
        var lines = await File.ReadAllLinesAsync(told, Cancellation);
        lines[0].ShouldStartWith("-rw-------");
        lines[1].ShouldMatch("^api-key: \"[0-9a-f]{48}\"$");
        File.Exists(lines[0].Split(' ')[^1]).ShouldBeFalse();
    }

    // Each start draws by a stream of its own: with that of before it would repeat samples.
    [Fact]
    public async Task Start_OfTheSameEngineAgain_DrawsByAnotherSeed()
    {
        var seeds = new List<int>();
        await using var engine = new StartedEngine(new EngineLaunch("/bin/sh", start =>
        {
            seeds.Add(start.Seed);
            return ["-c", "exit 1"];
        }, _ => new Dictionary<string, string>()), Engines.Vllm, new(), TimeProvider.System, NullLogger.Instance);
        for (var i = 0; i < 2; i++) await Should.ThrowAsync<EngineException>(() => engine.StartAsync(folder.Path, 5, Cancellation));
        seeds.Distinct().Count().ShouldBe(2);
        seeds.ShouldAllBe(seed => seed >= 0);
    }

    // A program as vllm is started, whose faults are told by its own script; its processes carry the folder's name.
    private StartedEngine Engine(string faults)
    {
        var script = folder["vllm"];
        File.WriteAllText(script, $"""
            #!/bin/sh
            R1_STANDIN_MARK={folder.Path} R1_STANDIN_FAULTS='{faults}' exec dotnet {Repository.Built("InferenceServers", "R1Cloud.InferenceServers.dll")} "$@"
            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new(VllmLaunch.Of(script, [], "float32", null), Engines.Vllm, new(), TimeProvider.System, NullLogger.Instance);
    }

    // By their environment, which the child that a dying engine leaves has too.
    private static List<string> Alive(string mark) => [.. Directory.GetDirectories("/proc")
        .Where(process => int.TryParse(Path.GetFileName(process), out var id) && id != Environment.ProcessId
            && Read(Path.Combine(process, "environ")).Contains($"R1_STANDIN_MARK={mark}", StringComparison.Ordinal))
        .Select(process => Read(Path.Combine(process, "cmdline")))];

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    public void Dispose() => folder.Dispose();
}

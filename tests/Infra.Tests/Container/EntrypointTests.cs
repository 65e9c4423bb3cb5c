using System.Diagnostics;
using System.Globalization;

namespace R1Cloud.Infra.Tests.Container;

/// <summary>The container's entry point as a process, with a trainer of a few lines of bash.</summary>
public sealed class EntrypointTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-entry-");
    private int grace = 120; // seconds: a busy machine is no trainer that hangs

    public EntrypointTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The entry point is for bash.");

    private string Output => At("output");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(20)]
    [InlineData(30)]
    [InlineData(134)]
    public async Task Run_TrainerThatEnds_PassesItsCodeAndArguments(int code)
    {
        using var process = Start($"echo \"$@\" > '{Output}'; exit {code}", "work", "--run", "r 1");
        (await ExitAsync(process)).ShouldBe(code);
        (await File.ReadAllTextAsync(Output)).ShouldBe("work --run r 1\n");
        File.Exists(At("pid")).ShouldBeFalse();
    }

    [Fact]
    public async Task Run_Trainer_HasOneHeapForAllThreads()
    {
        using var process = Start($"echo $MALLOC_ARENA_MAX > '{Output}'");
        (await ExitAsync(process)).ShouldBe(0);
        (await File.ReadAllTextAsync(Output)).ShouldBe("1\n");
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Stop_TrainerThatSaves_EndsWithPreempted(string signal)
    {
        using var process =
            Start($"trap 'sleep 0.5; echo saved >> \"{Output}\"; exit 30' TERM; echo up > '{At("up")}'; while :; do sleep 0.05; done");
        await UntilAsync(() => File.Exists(At("up")) && File.Exists(At("pid")) && new FileInfo(At("pid")).Length > 0);
        (await HealthAsync()).ShouldBe(0);
        await SignalAsync(process, signal);
        (await ExitAsync(process)).ShouldBe(30);
        (await File.ReadAllTextAsync(Output)).ShouldBe("saved\n");
    }

    [Fact]
    public async Task Stop_Twice_SavesOnce()
    {
        using var process =
            Start($"trap 'trap \"\" TERM; sleep 0.6; echo saved >> \"{Output}\"; exit 30' TERM; echo up > '{At("up")}'; while :; do sleep "
                + $"0.05; done");
        await UntilAsync(() => File.Exists(At("up")));
        await SignalAsync(process, "TERM");
        await Task.Delay(200);
        await SignalAsync(process, "TERM");
        (await ExitAsync(process)).ShouldBe(30);
        (await File.ReadAllTextAsync(Output)).ShouldBe("saved\n");
    }

    [Fact]
    public async Task Stop_TrainerThatDoesNotListenYet_EndsWithPreempted()
    {
        using var process = Start($"echo up > '{At("up")}'; exec sleep 300");
        await UntilAsync(() => File.Exists(At("up")));
        await SignalAsync(process, "TERM");
        (await ExitAsync(process)).ShouldBe(30);
    }

    [Fact]
    public async Task Stop_TrainerThatHangs_IsKilledAfterTheGrace()
    {
        grace = 1;
        using var process = Start($"trap '' TERM; echo $$ > '{At("up")}'; while :; do sleep 0.05; done");
        await UntilAsync(() => File.Exists(At("up")) && new FileInfo(At("up")).Length > 0);
        var pid = int.Parse(await File.ReadAllTextAsync(At("up")), CultureInfo.InvariantCulture);
        await SignalAsync(process, "TERM");
        (await ExitAsync(process)).ShouldBe(137);
        Should.Throw<ArgumentException>(() => Process.GetProcessById(pid));
    }

    [Fact]
    public async Task Run_OnABatchNode_KeepsTemporaryFilesInTheTasksFolderAndLeavesNone()
    {
        using var process = Start($"echo \"$TMPDIR $R1_CACHE\" > '{Output}'; touch \"$TMPDIR/checkpoint\"");
        (await ExitAsync(process)).ShouldBe(0);
        (await File.ReadAllTextAsync(Output)).ShouldBe($"{At("wd/tmp")} {At("wd/tmp/checkpoints")}\n");
        Directory.EnumerateFileSystemEntries(At("wd")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Health_WithoutATrainer_IsBad() => (await HealthAsync()).ShouldNotBe(0);

    private string At(string name) => Path.Combine(folder.FullName, name);

    private Process Start(string trainer, params string[] arguments)
    {
        File.WriteAllText(At("trainer"), "#!/usr/bin/env bash\n" + trainer + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(At("trainer"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return Process.Start(StartInfo("entrypoint", arguments))!;
    }

    private ProcessStartInfo StartInfo(string script, params string[] arguments)
    {
        // Tests that a shell runs in the background ignore SIGINT, what they start does too, and bash cannot trap what was ignored at its
        // start.
        string[] program =
            [.. OperatingSystem.IsLinux() ? ["env", "--default-signal"] : Array.Empty<string>(), Repository.Path("infra", "docker", script),
                .. arguments];
        var start = new ProcessStartInfo(program[0], program[1..]) { RedirectStandardError = true };
        start.Environment["R1_TRAINER"] = At("trainer");
        start.Environment["R1_PID_FILE"] = At("pid");
        start.Environment["R1_STOP_GRACE"] = grace.ToString(CultureInfo.InvariantCulture);
        start.Environment["AZ_BATCH_TASK_WORKING_DIR"] = At("wd");
        return start;
    }

    private async Task<int> HealthAsync()
    {
        using var process = Process.Start(StartInfo("health"))!;
        return await ExitAsync(process);
    }

    private static async Task<int> ExitAsync(Process process)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return process.ExitCode;
    }

    private static async Task SignalAsync(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition()) await Task.Delay(10, patience.Token);
    }
}

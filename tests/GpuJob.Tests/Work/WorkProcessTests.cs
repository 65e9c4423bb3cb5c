using System.Diagnostics;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Work;

/// <summary><c>gpujob work</c> as a process of its own, stopped in the ways in which nodes and hosts stop it.</summary>
public sealed class WorkProcessTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly List<string> output = [];
    private WorkRun run = null!;
    private Process? process;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no signals to send.");
        run = await WorkRun.StartAsync(azurite);
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false }) process.Kill(entireProcessTree: true);
        process?.Dispose();
        if (run is not null) await run.DisposeAsync();
    }

    [Fact]
    public async Task Work_Sigterm_PutsTheJobBackAndExitsWith30()
    {
        var spec = await StartInMidJobAsync();
        using (var kill = Process.Start("kill", ["-TERM", process!.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
            kill.ExitCode.ShouldBe(0);
        }
        (await EndAsync()).ShouldBe(ExitCodes.Preempted, Output);
        await GoesOnElsewhereAsync(spec);
    }

    [Fact]
    public async Task Work_ParentGone_PutsTheJobBackAndExitsWith30()
    {
        var spec = await StartInMidJobAsync("--parent-pipe");
        process!.StandardInput.Close(); // as the system does when the starter dies
        (await EndAsync()).ShouldBe(ExitCodes.Preempted, Output);
        await GoesOnElsewhereAsync(spec);
    }

    [Fact]
    public async Task Work_SigtermWithoutAJob_ExitsWith0()
    {
        Start();
        await Until(() => Output.Contains("takes the jobs of run", StringComparison.Ordinal));
        using (var kill = Process.Start("kill", ["-TERM", process!.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        (await EndAsync()).ShouldBe(ExitCodes.Done, Output);
    }

    [Fact]
    public async Task Work_RunEnded_ExitsWith0()
    {
        await run.CreateRunAsync();
        Start();
        await Until(() => Output.Contains("takes the jobs of run", StringComparison.Ordinal));
        await run.EndRunAsync();
        (await EndAsync()).ShouldBe(ExitCodes.Done, Output);
    }

    [Fact]
    public async Task Work_KilledInMidJob_LeavesALeaseThatGivesTheJobBackAtOnce()
    {
        using var folder = new TempFolder();
        var lease = Path.Combine(folder.Path, "lease");
        var spec = await StartInMidJobAsync("--lease", lease);
        await Until(() => Output.Contains(": attempt", StringComparison.Ordinal));
        await KillAndReturnAsync(lease);

        (await run.WorkAsync(_ => Task.FromResult(JobOutcome.Empty), "w1")).ShouldBe(ExitCodes.Done);
        var result = (await run.ResultAsync(spec)).ShouldNotBeNull("its heartbeat would lapse in ten minutes only");
        (result.Status, result.Worker, result.Attempts).ShouldBe((JobStatus.Succeeded, "w1", new AttemptCounts(0, 0, 1)));
    }

    [Fact]
    public async Task Work_JobThatKillsEveryWorker_EndsAfterMaxLostThoughItIsGivenBack()
    {
        using var folder = new TempFolder();
        var lease = Path.Combine(folder.Path, "lease");
        var spec = await run.SubmitAsync(new() { Fault = "crash", FaultyAttempts = 99 },
            new JobsRecipe { MaxLost = 1, MaxAttempts = 9, HeartbeatTimeoutSeconds = 600 });
        for (var worker = 0; worker < 3; worker++)
        {
            (await run.ResultAsync(spec)).ShouldBeNull();
            Start("--lease", lease, "--idle-limit", "1");
            await EndAsync();
            if (MessageLease.TryRead(lease) is not null) await ReturnAsync(lease);
        }
        var result = (await run.ResultAsync(spec)).ShouldNotBeNull("two workers died with it, and maxLost allows one");
        (result.Status, result.Error!.Type, result.Attempts).ShouldBe((JobStatus.Failed, "WorkerLost", new AttemptCounts(0, 0, 2)));
        (await run.Queue.CountAsync()).ShouldBe(0);
        File.Exists(lease).ShouldBeFalse();
    }

    [Fact]
    public async Task Work_UnreadableJob_TellsWhyAndExitsWithACodeOfItsOwn()
    {
        var spec = await run.SubmitAsync(new());
        await run.Blobs.WriteAsync(BlobLayout.JobSpec(run.RunId, spec.JobId), new("{\"version\":5,\"runId\":\"x\"}"));
        Start();
        (await EndAsync()).ShouldBe(ExitCodes.Outdated, Output);
        await Until(() => Output.Contains("gpujob: The spec of job", StringComparison.Ordinal), running: false);
    }

    [Fact]
    public async Task Work_UnknownRun_TellsWhichAndExitsWith10()
    {
        await run.Queue.DropAsync();
        Start();
        (await EndAsync()).ShouldBe(ExitCodes.BadInput, Output);
        await Until(() => Output.Contains($"There is no run '{run.RunId}'", StringComparison.Ordinal), running: false);
    }

    private async Task KillAndReturnAsync(string lease)
    {
        process!.Kill();
        await process.WaitForExitAsync();
        await ReturnAsync(lease);
    }

    // As the local host does it.
    private async Task ReturnAsync(string lease) =>
        (await run.Queue.RenewAsync(MessageLease.TryRead(lease).ShouldNotBeNull("it told nobody what it holds").Message, TimeSpan.Zero))
            .ShouldNotBeNull("the receipt is the last one");

    private string Output
    {
        get { lock (output) return string.Join('\n', output); }
    }

    // A worker in the midst of a job that takes minutes.
    private async Task<JobSpec> StartInMidJobAsync(params string[] more)
    {
        var spec = await run.SubmitAsync(new() { Milliseconds = 600_000 },
            new JobsRecipe { MaxAttempts = 1, HeartbeatTimeoutSeconds = 600 });
        Start(more);
        await Until(() => Output.Contains($"{spec.JobId}: attempt", StringComparison.Ordinal));
        return spec;
    }

    private void Start(params string[] more)
    {
        var start = new ProcessStartInfo("dotnet",
            [Repository.Built("GpuJob", "gpujob.dll"), "work", "--run", run.RunId, "--worker", "child", "--device", "cpu", .. more])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment[StorageConnection.Variable] = azurite.ConnectionString;
        process = Process.Start(start)!;
        foreach (var reader in new[] { process.StandardOutput, process.StandardError }) _ = CopyAsync(reader);
    }

    private async Task CopyAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (output) output.Add(line);
        }
    }

    private async Task Until(Func<bool> condition, bool running = true)
    {
        for (var deadline = DateTime.UtcNow.AddMinutes(30); !condition(); await Task.Delay(50))
        {
            if ((running && process!.HasExited) || DateTime.UtcNow > deadline)
                throw new InvalidOperationException($"The worker did not come so far: {Output}");
        }
    }

    private async Task<int> EndAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(30));
        await process!.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    // The job is there for others at once, and the stop is not held against it.
    private async Task GoesOnElsewhereAsync(JobSpec spec)
    {
        (await run.ResultAsync(spec)).ShouldBeNull();
        (await run.WorkAsync(_ => Task.FromResult(JobOutcome.Empty), "w1")).ShouldBe(ExitCodes.Done);
        var result = (await run.ResultAsync(spec)).ShouldNotBeNull();
        (result.Status, result.Worker, result.Attempts).ShouldBe((JobStatus.Succeeded, "w1", new AttemptCounts(0, 1, 0)));
    }
}

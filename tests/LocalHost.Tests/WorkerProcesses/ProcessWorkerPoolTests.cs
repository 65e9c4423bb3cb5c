using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.LocalHost.WorkerProcesses;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.LocalHost.Tests.WorkerProcesses;

/// <summary>The pool with a worker of a few lines of bash.</summary>
public sealed class ProcessWorkerPoolTests : IAsyncDisposable
{
    // Waits until its standard input ends, as a worker does; ends with 30 on SIGTERM.
    private const string Obedient = """
        trap 'echo saved >> "$STATE/saved"; kill $!; exit 30' TERM
        echo "$@" >> "$STATE/arguments"
        env > "$STATE/environment.$$"
        echo "$$" >> "$STATE/pids"
        cat <&0 > /dev/null 2>&1 &
        wait $!
        """;

    private readonly TestFolder folder = new();
    private ProcessWorkerPool? pool;

    public ProcessWorkerPoolTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The fake worker is a bash script.");

    public async ValueTask DisposeAsync()
    {
        if (pool is not null) await pool.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task EnsureAsync_Twice_StartsTheRecipesWorkersOnce()
    {
        var pool = Create(Obedient);
        await pool.EnsureAsync("run-a", new WorkersRecipe { Count = 2 });
        await pool.EnsureAsync("run-a", new WorkersRecipe { Count = 2 });
        await LinesAsync("pids", 2);

        var view = await pool.GetAsync("run-a");
        view.Workers.Select(worker => worker.Name).ShouldBe(["worker-0", "worker-1"]);
        view.Workers.ShouldAllBe(worker => worker.State == "running");
        view.Restarts.ShouldBe(0);
        view.Workers.Select(worker => worker.Location).Order().ShouldBe(File.ReadLines(folder["pids"]).Select(pid => $"pid {pid}").Order());
        (await pool.GetAsync("run-b")).Workers.ShouldBeEmpty();
    }

    [Fact]
    public async Task EnsureAsync_Worker_GetsItsArgumentsAndTheStorageByEnvironment()
    {
        var pool = Create(Obedient, options => options with { Cores = 8 });
        await pool.EnsureAsync("run-a", new WorkersRecipe { Count = 2, Device = "cpu", Deterministic = true });
        var pids = await LinesAsync("pids", 2);

        File.ReadLines(folder["arguments"]).ShouldContain("work --run run-a --worker worker-1 --threads 4 --device cpu --parent-pipe");
        File.ReadAllText(folder["arguments"]).ShouldNotContain("secret");
        var environment = File.ReadAllLines(folder[$"environment.{pids[0]}"]);
        environment.ShouldContain("R1_STORAGE=AccountKey=secret");
        environment.ShouldContain("OMP_NUM_THREADS=4");
        environment.ShouldContain("MALLOC_ARENA_MAX=1");
        environment.ShouldContain("MKL_NUM_THREADS=4");
        environment.ShouldContain("MKL_CBWR=AUTO");
    }

    [Fact]
    public async Task EnsureAsync_CountOption_OverridesTheRecipe()
    {
        var pool = Create(Obedient, options => options with { Count = 3 });
        await pool.EnsureAsync("run-a", new WorkersRecipe { Count = 1 });
        await LinesAsync("pids", 3);
        (await pool.GetAsync("run-a")).Workers.Count.ShouldBe(3);
    }

    [Fact]
    public async Task EnsureAsync_WithGpus_PutsOneWorkerOnEach()
    {
        var pool = Create(Obedient, options => options with { Gpus = [0, 3] });
        await pool.EnsureAsync("run-a", new WorkersRecipe { Count = 5, Device = "auto" });
        await LinesAsync("pids", 2);
        File.ReadLines(folder["arguments"]).Select(line => line[line.IndexOf("--worker", StringComparison.Ordinal)..]).Order().ShouldBe(
        [
            "--worker worker-0 --threads 1 --device cuda:0 --parent-pipe", "--worker worker-1 --threads 1 --device cuda:3 --parent-pipe",
        ]);
    }

    [Fact]
    public async Task EnsureAsync_SeveralGpusAWorker_AreItsOptions()
    {
        var pool = Create(Obedient);
        await pool.EnsureAsync("run-a", new WorkersRecipe { Device = "cuda:0,cuda:1", DevicesPerReplica = 2, Threads = 1 });
        await LinesAsync("pids", 1);
        File.ReadLines(folder["arguments"]).Single()
            .ShouldEndWith("--worker worker-0 --threads 1 --device cuda:0,cuda:1 --parent-pipe --devices-per-replica 2");
    }

    [Fact]
    public async Task EnsureAsync_WithGpusAndModelsOverSeveral_IsRefused()
    {
        var pool = Create(Obedient, options => options with { Gpus = [0, 1] });
        (await Should.ThrowAsync<BadInputException>(() => pool.EnsureAsync("run-a", new WorkersRecipe { DevicesPerReplica = 2 })))
            .Message.ShouldContain("workers.devicesPerReplica: the recipe asks for 2, but --gpus 0,1 puts a worker on each GPU alone");
    }

    [Fact]
    public async Task EnsureAsync_WithGpusAndARecipeForTheCpu_IsRefusedBeforeAnythingStarts()
    {
        var pool = Create(Obedient, options => options with { Gpus = [0, 1] });
        var error = await Should.ThrowAsync<BadInputException>(() => pool.EnsureAsync("run-a", new WorkersRecipe { Device = "cpu" }));
        error.Message.ShouldContain("workers.device: the recipe asks for 'cpu', but --gpus 0,1");
        (await pool.GetAsync("run-a")).Workers.ShouldBeEmpty();
        File.Exists(folder["pids"]).ShouldBeFalse();
    }

    [Fact]
    public async Task ReleaseAsync_RunningWorkers_SaveAndAreGone()
    {
        var pool = Create(Obedient);
        await pool.EnsureAsync("run-a", new WorkersRecipe { Count = 2 });
        var pids = await LinesAsync("pids", 2);
        await pool.ReleaseAsync("run-a");

        File.ReadAllLines(folder["saved"]).Length.ShouldBe(2);
        pids.ShouldAllBe(pid => !IsAlive(pid));
        (await pool.GetAsync("run-a")).Workers.ShouldBeEmpty();
    }

    [Fact]
    public async Task ReleaseAsync_WorkerThatIgnoresTheSignal_IsKilledAfterTheGrace()
    {
        var pool = Create("""
            trap '' TERM
            echo "$$" >> "$STATE/pids"
            while true; do sleep 0.1; done
            """, options => options with { Grace = TimeSpan.FromSeconds(0.5) });
        await pool.EnsureAsync("run-a", new WorkersRecipe());
        var pids = await LinesAsync("pids", 1);
        await pool.ReleaseAsync("run-a");
        IsAlive(pids[0]).ShouldBeFalse();
    }

    [Fact]
    public async Task Worker_ThatDies_IsStartedAgainAndItsLastWordsKept()
    {
        var pool = Create("""
            echo start >> "$STATE/starts"
            if [[ $(wc -l < "$STATE/starts") -lt 3 ]]; then echo "out of memory, sorry" >&2; exit 20; fi
            """ + "\n" + Obedient);
        await pool.EnsureAsync("run-a", new WorkersRecipe());
        await LinesAsync("pids", 1);

        var view = await pool.GetAsync("run-a");
        view.Restarts.ShouldBe(2);
        view.LastError.ShouldNotBeNull().ShouldContain("worker-0 ended after");
        view.LastError.ShouldContain("exit code 20: out of memory, sorry");
        view.Workers[0].State.ShouldBe("running");
        File.ReadAllText(folder["run-a-worker-0.log"]).ShouldContain("out of memory, sorry");
        pool.Broken.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task Worker_Preempted_IsStartedAgainWithoutAnError()
    {
        var pool = Create("""
            echo start >> "$STATE/starts"
            if [[ $(wc -l < "$STATE/starts") -lt 2 ]]; then sleep 0.3; exit 30; fi
            """ + "\n" + Obedient);
        await pool.EnsureAsync("run-a", new WorkersRecipe());
        await LinesAsync("pids", 1);
        var view = await pool.GetAsync("run-a");
        view.Restarts.ShouldBe(1);
        view.LastError.ShouldBeNull();
    }

    [Fact]
    public async Task Worker_KilledFromOutside_IsStartedAgain()
    {
        var pool = Create(Obedient);
        await pool.EnsureAsync("run-a", new WorkersRecipe());
        var first = await LinesAsync("pids", 1);
        using (var worker = Process.GetProcessById(int.Parse(first[0], CultureInfo.InvariantCulture))) worker.Kill();
        await LinesAsync("pids", 2);
        (await pool.GetAsync("run-a")).LastError.ShouldNotBeNull().ShouldContain("exit code 137");
    }

    [Fact]
    public async Task Broken_WorkersThatNeverLive_TellsWhatTheySaid()
    {
        var pool = Create("echo 'libtorch cannot be loaded' >&2; exit 134");
        await pool.EnsureAsync("run-a", new WorkersRecipe());
        (await pool.Broken.WaitAsync(TimeSpan.FromMinutes(30))).ShouldContain("libtorch cannot be loaded");
    }

    [Fact]
    public async Task Broken_ProgramThatCannotBeStarted_TellsWhy()
    {
        var script = folder.Write("not-a-program", "");
        var pool = Create(script: null, options => options with { Command = new WorkerCommand(script, []) });
        await pool.EnsureAsync("run-a", new WorkersRecipe());
        (await pool.Broken.WaitAsync(TimeSpan.FromMinutes(30))).ShouldContain("not-a-program");
    }

    [Fact]
    public async Task EnsureAsync_WhileStopping_WaitsToBeCancelled()
    {
        var pool = Create(Obedient);
        await pool.StopAsync();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(0.2));
        await Should.ThrowAsync<OperationCanceledException>(() => pool.EnsureAsync("run-a", new WorkersRecipe(), cancellation.Token));
        (await pool.GetAsync("run-a")).Workers.ShouldBeEmpty();
    }

    [Fact]
    public async Task Kill_RunningWorkers_AreGoneWithoutSaving()
    {
        var pool = Create(Obedient);
        await pool.EnsureAsync("run-a", new WorkersRecipe());
        var pids = await LinesAsync("pids", 1);
        pool.Kill();
        await Eventually.BeTrueAsync(() => !IsAlive(pids[0]), "the worker is gone");
        File.Exists(folder["saved"]).ShouldBeFalse();
    }

    private ProcessWorkerPool Create(string? script, Func<WorkerPoolOptions, WorkerPoolOptions>? change = null)
    {
        var options = new WorkerPoolOptions
        {
            Command = new WorkerCommand(folder.Script("worker", $"STATE='{folder.Root}'\n{script}"), []),
            Storage = "AccountKey=secret",
            LogFile = (run, worker) => folder[$"{run}-{worker}.log"],
            Cores = 2,
            FirstDelay = TimeSpan.FromMilliseconds(20),
            LongestDelay = TimeSpan.FromMilliseconds(100),
        };
        return pool = new ProcessWorkerPool(change?.Invoke(options) ?? options, TimeProvider.System,
            NullLogger<ProcessWorkerPool>.Instance);
    }

    private async Task<string[]> LinesAsync(string file, int count)
    {
        await Eventually.BeTrueAsync(() => File.Exists(folder[file]) && File.ReadAllLines(folder[file]).Length >= count,
            $"{count} lines in {file}");
        return File.ReadAllLines(folder[file]);
    }

    private static bool IsAlive(string pid)
    {
        try
        {
            using var process = Process.GetProcessById(int.Parse(pid, CultureInfo.InvariantCulture));
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}

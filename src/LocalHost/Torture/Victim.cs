using System.Diagnostics;
using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.Hosting;
using R1Cloud.LocalHost.WorkerProcesses;
using R1Cloud.Shared.Processes;

namespace R1Cloud.LocalHost.Torture;

/// <summary>A run of the real thing, that is <c>r1 up</c> with its storage and its workers, which may be killed and goes on.</summary>
/// <param name="program">What <c>r1</c> is started with.</param>
/// <param name="arguments">The arguments of <c>up</c>: the recipe, and what is set over it.</param>
/// <param name="folder">Its data folder.</param>
/// <param name="environment">Variables that it has besides this process's own.</param>
internal sealed class Victim(
    IReadOnlyList<string> program, IReadOnlyList<string> arguments, string folder, IReadOnlyDictionary<string, string> environment)
    : IAsyncDisposable
{
    private readonly DataFolder data = new(folder);
    private Process? host;

    /// <summary>Its data folder.</summary>
    public DataFolder Data => data;

    /// <summary>How often the host was started.</summary>
    public int Starts { get; private set; }

    /// <summary>What it says.</summary>
    public string LogFile { get; } = folder + ".log";

    /// <summary>The host's process.</summary>
    public int HostId => host!.Id;

    /// <summary>Whether the host has ended.</summary>
    public bool HasExited => host!.HasExited;

    /// <summary>What the host ended with.</summary>
    public int ExitCode => host!.ExitCode;

    /// <summary>Whether the run has come to its end, good or bad: what else the host ends with can be gone on from.</summary>
    public bool IsOver => HasExited
        && ExitCode is Environments.ExitCode.Ok or Environments.ExitCode.RunFailed or Environments.ExitCode.BadInput;

    /// <summary>Ends with the host.</summary>
    public Task Exited => host!.WaitForExitAsync(CancellationToken.None);

    /// <summary>What its workers are at.</summary>
    public WorkerActivity Activity => WorkerActivity.Read(data.Logs);

    /// <summary>Starts the run, or goes on with it.</summary>
    public void Start()
    {
        host?.Dispose();
        Starts++;
        var start = new ProcessStartInfo(program[0],
            [.. program.Skip(1), "up", .. arguments, "--data", data.Path, "--port", "0", "--plain"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        ChildEnvironment.ForTrainer(start); // which its host starts
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var log = new LogFile(LogFile, append: true);
        var started = host = Process.Start(start)!;
        started.StandardInput.Close();
        _ = CopyAsync();

        async Task CopyAsync()
        {
            using (log) await Task.WhenAll(LinesAsync(started.StandardOutput), LinesAsync(started.StandardError));
        }

        async Task LinesAsync(StreamReader reader)
        {
            while (await reader.ReadLineAsync() is { } line) log.WriteLine(line);
        }
    }

    /// <summary>Storage's processes.</summary>
    public Task<IReadOnlyList<int>> StorageAsync() => ChildrenAsync("azurite.mjs");

    /// <summary>The workers by name.</summary>
    public async Task<IReadOnlyDictionary<string, int>> WorkersAsync() => (await ProcessTable.DescendantsAsync(HostId))
        .Select(child => (child.Id, Name: NameOf(child.Command))).Where(child => child.Name is not null)
        .ToDictionary(child => child.Name!, child => child.Id, StringComparer.Ordinal);

    /// <summary>Kills everything at once: what a power cut is to the processes.</summary>
    public async Task KillAllAsync()
    {
        var children = await ProcessTable.DescendantsAsync(HostId);
        ProcessSignals.Kill([HostId, .. children.Select(child => child.Id)]);
        await GoneAsync(children);
    }

    /// <summary>Waits until the host's children have gone too: the next host needs what they hold.</summary>
    /// <param name="children">Those that were there before.</param>
    public async Task GoneAsync(IEnumerable<ProcessEntry> children)
    {
        await Exited;
        foreach (var child in children)
        {
            while (IsThere(child.Id)) await Task.Delay(50);
        }
    }

    /// <summary>The last lines that it has said.</summary>
    public string LastWords() => File.Exists(LogFile) ? string.Join('\n', File.ReadLines(LogFile).TakeLast(12)) : "";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (host is null) return;
        if (!host.HasExited) await KillAllAsync();
        host.Dispose();
    }

    private async Task<IReadOnlyList<int>> ChildrenAsync(string part) => [.. (await ProcessTable.DescendantsAsync(HostId))
        .Where(child => child.Command.Contains(part, StringComparison.Ordinal)).Select(child => child.Id)];

    private static string? NameOf(string command)
    {
        var words = command.Split(' ');
        return Array.IndexOf(words, "work") >= 0 && Array.IndexOf(words, "--worker") is >= 0 and var at && at + 1 < words.Length
            ? words[at + 1] : null;
    }

    private static bool IsThere(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}

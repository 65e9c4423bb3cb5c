using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Serving;
using R1Cloud.Inference.Wire;
using R1Cloud.Shared;
using R1Cloud.Shared.Processes;

namespace R1Cloud.Inference.Processes;

/// <summary>
/// An engine that is started from here, in a process group of its own: what it starts in turn, which may outlive it and hold its memory,
/// goes with it. When this process ends, however it ends, the group does too.
/// </summary>
/// <param name="launch">The command.</param>
/// <param name="protocol">Makes the way to a server from its address and key.</param>
/// <param name="options">Limits.</param>
/// <param name="time">The clock.</param>
/// <param name="log">The log.</param>
public sealed partial class StartedEngine(EngineLaunch launch, Func<Uri, string, IEngineProtocol> protocol, StartedEngineOptions options,
    TimeProvider time, ILogger log) : IEngineHost
{
    // The group's leader is the engine; the shell outside of it ends it once the pipe from here is closed or the engine has gone.
    private const string Guard = """
        setsid "$@" </dev/null 3<&- & group=$!
        (cat <&3; kill -KILL -$group) >/dev/null 2>&1 & guard=$!
        wait $group; code=$?
        kill $guard; kill -KILL -$group 2>/dev/null
        exit $code
        """;

    private Process? process;
    private int starts;
    private LogTail tail = new();
    private Task reading = Task.CompletedTask;

    /// <inheritdoc/>
    public string Name => Running?.Address.Authority ?? launch.Program;

    /// <inheritdoc/>
    public bool Starts => true;

    /// <inheritdoc/>
    public IEngineProtocol? Running { get; private set; }

    /// <inheritdoc/>
    public async Task<IEngineProtocol> StartAsync(string folder, ulong seed, CancellationToken cancellation)
    {
        await StopAsync();
        var (port, key) = (FreePort(), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)));
        var keyFile = launch.KeyFile is { } content ? WriteKey(content(key)) : null;
        var start = new EngineStart(folder, port, (int)(Seeds.Derive((long)seed, "engine", starts++) & int.MaxValue), keyFile);
        try
        {
            return await StartAsync(start, key, cancellation);
        }
        finally
        {
            if (keyFile is not null) File.Delete(keyFile); // read at its start
        }
    }

    private async Task<IEngineProtocol> StartAsync(EngineStart start, string key, CancellationToken cancellation)
    {
        process = Process.Start(Command(start, key)) ?? throw new EngineException(EngineProblem.Refused, "There is no /bin/sh.");
        tail = new();
        reading = Task.WhenAll(tail.ReadAsync(process.StandardOutput), tail.ReadAsync(process.StandardError));
        var started = protocol(new Uri($"http://127.0.0.1:{start.Port}"), key);
        try
        {
            await BeReadyAsync(started, cancellation);
        }
        catch
        {
            started.Dispose();
            await StopAsync();
            throw;
        }
        LogStarted(log, launch.Program, start.Port, start.Folder);
        return Running = started;
    }

    private static string WriteKey(string content)
    {
        var path = Path.Combine(Path.GetTempPath(), $"r1-engine-{Guid.NewGuid():N}.yaml");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(path, options);
        writer.Write(content);
        return path;
    }

    private ProcessStartInfo Command(EngineStart start, string key)
    {
        var command = new ProcessStartInfo("/bin/sh")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        string[] arguments = ["-c", "exec 3<&0\n" + Guard, "engine", launch.Program, .. launch.Arguments(start)];
        foreach (var argument in arguments) command.ArgumentList.Add(argument);
        ChildEnvironment.ForEngine(command);
        foreach (var (name, value) in launch.Environment(key)) command.Environment[name] = value;
        return command;
    }

    private async Task BeReadyAsync(IEngineProtocol started, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while (!await started.IsHealthyAsync(cancellation))
        {
            if (process!.HasExited)
            {
                await reading;
                var hint = process.ExitCode == 127 ? $" Is '{launch.Program}' installed?" : "";
                throw new EngineException(EngineProblem.Away,
                    $"{launch.Program} ended with code {process.ExitCode} before it was ready.{hint} Its last lines:\n{tail}");
            }
            if (time.GetElapsedTime(began) > options.ReadyLimit)
                throw new EngineException(EngineProblem.Away,
                    $"{launch.Program} was not ready within {options.ReadyLimit.TotalSeconds:0} s. Its last lines:\n{tail}");
            await Task.Delay(options.ReadyInterval, time, cancellation);
        }
    }

    // Closing the pipe has the guard kill the whole group.
    private async Task StopAsync()
    {
        Running?.Dispose();
        Running = null;
        if (process is null) return;
        if (process.HasExited) LogEnded(log, launch.Program, process.ExitCode, tail.ToString());
        process.StandardInput.Close();
        await process.WaitForExitAsync(CancellationToken.None);
        await reading;
        process.Dispose();
        process = null;
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    [LoggerMessage(2712, LogLevel.Warning, "{Program} ended by itself with code {Code}; its last lines:\n{Lines}")]
    private static partial void LogEnded(ILogger log, string program, int code, string lines);

    [LoggerMessage(2711, LogLevel.Information, "{Program} listens on port {Port} with the weights in {Folder}")]
    private static partial void LogStarted(ILogger log, string program, int port, string folder);
}

/// <summary>Limits of an engine that is started from here.</summary>
public sealed record StartedEngineOptions
{
    /// <summary>How long it may take to be ready: large models are read and compiled for minutes.</summary>
    public TimeSpan ReadyLimit { get; init; } = TimeSpan.FromMinutes(20);
    /// <summary>How often it is asked meanwhile.</summary>
    public TimeSpan ReadyInterval { get; init; } = TimeSpan.FromMilliseconds(200);
}

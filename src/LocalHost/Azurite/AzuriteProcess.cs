using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Processes;

namespace R1Cloud.LocalHost.Azurite;

/// <summary>
/// Azurite's blob and queue services (tables if asked for) as a child process on loopback. It watches its standard input, so it goes when
/// this process goes, however that ends, and writes its state out first.
/// </summary>
internal sealed class AzuriteProcess : IAsyncDisposable
{
    // Exit codes of azurite.mjs.
    private const int PortInUse = 11;
    private const int FolderInUse = 12;

    // The account that every Azurite has, since what is stored is stored under its name; the key is another at each start.
    private const string Account = "devstoreaccount1";
    private const string KeyVariable = "R1_AZURITE_KEY";
    private const int KeyBytes = 64;

    private readonly Process process;
    private readonly AzuriteOptions options;
    private readonly LastLines errors;

    private AzuriteProcess(Process process, AzuriteOptions options, LastLines errors, Ports ports, string key)
    {
        (this.process, this.options, this.errors) = (process, options, errors);
        ConnectionString = $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={key};"
            + $"BlobEndpoint=http://127.0.0.1:{ports.BlobPort}/{Account};QueueEndpoint=http://127.0.0.1:{ports.QueuePort}/{Account};"
            + (ports.TablePort is { } table ? $"TableEndpoint=http://127.0.0.1:{table}/{Account};" : "");
    }

    /// <summary>What the storage clients need to reach it.</summary>
    public string ConnectionString { get; }

    /// <summary>Its process id.</summary>
    public int Id => process.Id;

    /// <summary>Completes when it has ended, whether asked to or not.</summary>
    public Task Exited => process.WaitForExitAsync(CancellationToken.None);

    /// <summary>Its last error lines: why it ended, if it did so by itself.</summary>
    public string LastWords => errors.ToString();

    /// <summary>Starts it and waits until it accepts requests.</summary>
    /// <exception cref="AzuriteException">Node.js or its packages are missing, a port is taken, or it ended: the message says
    /// which.</exception>
    public static async Task<AzuriteProcess> StartAsync(AzuriteOptions options, CancellationToken cancellation = default)
    {
        if (!options.IsInstalled)
        {
            throw new AzuriteException($"Azurite is not installed. Run `npm ci` in '{options.PackageFolder}' (./r1 does so by itself).");
        }

        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));
        var process = Start(options, key);
        var errors = new LastLines();
        process.ErrorDataReceived += (_, line) => errors.Add(line.Data);
        process.BeginErrorReadLine();
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(options.StartTimeout);
            if (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            {
                var ports = JsonSerializer.Deserialize<Ports>(line, R1Json.Options)!;
                // Nothing more is expected; reading on keeps the pipe from filling up.
                _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return new AzuriteProcess(process, options, errors, ports, key);
            }
            await process.WaitForExitAsync(patience.Token);
            throw Failure(process.ExitCode, options, errors);
        }
        catch (Exception e)
        {
            Kill(process);
            process.Dispose();
            if (e is AzuriteException || cancellation.IsCancellationRequested) throw;
            throw new AzuriteException(e is OperationCanceledException
                ? $"Azurite was not ready within {options.StartTimeout.TotalSeconds:0} s. {errors}"
                : $"Azurite did not start: {e.Message} {errors}", e);
        }
    }

    /// <summary>Asks it to write everything out and leave; kills it when it does not.</summary>
    public async Task StopAsync()
    {
        if (process.HasExited) return;
        try
        {
            await process.StandardInput.WriteLineAsync("stop");
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It is just ending by itself.
        }
        using var patience = new CancellationTokenSource(options.StopTimeout);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            Kill(process);
        }
    }

    /// <summary>Ends it at once; what it acknowledged in the last seconds may be lost.</summary>
    public void Kill() => Kill(process);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        process.Dispose();
    }

    private static Process Start(AzuriteOptions options, string key)
    {
        var start = new ProcessStartInfo(options.Node)
        {
            WorkingDirectory = options.PackageFolder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        ChildEnvironment.ForTool(start);
        start.Environment[KeyVariable] = key; // other users see a program's arguments, but not its environment
        string[] arguments = ["azurite.mjs", Path.GetFullPath(options.DataFolder), $"{options.BlobPort}", $"{options.QueuePort}"];
        foreach (var argument in options.TablePort is { } table ? [.. arguments, $"{table}"] : arguments) start.ArgumentList.Add(argument);
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new AzuriteException(
                $"Node.js ('{options.Node}') cannot be started: {e.Message}. Azurite needs Node.js 20 or later, https://nodejs.org.", e);
        }
    }

    private static AzuriteException Failure(int exitCode, AzuriteOptions options, LastLines errors) => new(exitCode switch
    {
        PortInUse =>
            $"Azurite cannot start, {errors}. Blob port asked for: {options.BlobPort}, queue port: {options.QueuePort}; 0 takes a free "
            + $"one.",
        FolderInUse => $"Azurite cannot start, {errors}.",
        _ => $"Azurite ended with exit code {exitCode} before it was ready. {errors}",
    });

    private static void Kill(Process process)
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It is gone.
        }
    }

    private sealed record Ports(int BlobPort, int QueuePort, int? TablePort = null);
}

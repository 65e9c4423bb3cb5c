using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using R1Cloud.Rewards.Sandboxing;
using R1Cloud.Shared;
using R1Cloud.Shared.Processes;

namespace R1Cloud.Rewards.Verification;

/// <summary>A verifier process seen from outside.</summary>
internal sealed class VerifierProcess : IDisposable
{
    private const int KeptErrorCharacters = 2000;

    private readonly Process process;
    private readonly StringBuilder errors = new();

    /// <summary>Starts one.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">The program is missing.</exception>
    public VerifierProcess(VerificationOptions options)
    {
        var info = new ProcessStartInfo(options.Command[0],
            [.. options.Command.Skip(1), "--memory", options.MemoryBytes.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = new UTF8Encoding(false),
        };
        ChildEnvironment.ForProgram(info);
        info.Environment["DOTNET_GCHeapHardLimit"] = (options.MemoryBytes * 3 / 4).ToString("x", CultureInfo.InvariantCulture);
        info.Environment["DOTNET_gcServer"] = "0";
        info.Environment["DOTNET_EnableDiagnostics"] = "0"; // its sockets would stay in the temporary folder when the process is killed
        info.Environment["DOTNET_TieredPGO"] = "0";
        process = ProcessStarter.Start(info);
        process.ErrorDataReceived += (_, line) =>
        {
            lock (errors)
            {
                if (line.Data is not null && errors.Length < KeptErrorCharacters) errors.AppendLine(line.Data);
            }
        };
        process.BeginErrorReadLine();
    }

    /// <summary>Its id.</summary>
    public int Id => process.Id;

    /// <summary>Whether it has answered before.</summary>
    public bool IsWarm { get; private set; }

    /// <summary>Sends a request and waits for its reply; null when the process ended.</summary>
    public async Task<VerificationReply?> AskAsync(VerificationRequest request)
    {
        try
        {
            await process.StandardInput.WriteAsync(JsonSerializer.Serialize(request, R1Json.Options) + "\n");
            await process.StandardInput.FlushAsync();
            var line = await process.StandardOutput.ReadLineAsync();
            IsWarm = true;
            return line is null ? null : JsonSerializer.Deserialize<VerificationReply>(line, R1Json.Options);
        }
        catch (Exception e) when (e is IOException or JsonException or ObjectDisposedException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>How it ended, once it did.</summary>
    public string Epitaph()
    {
        process.WaitForExit(5000);
        if (!process.HasExited) return "the verifier answered with what is no reply";
        string words;
        lock (errors) words = errors.ToString().Trim();
        words = string.Join(' ', words.Split('\n', StringSplitOptions.TrimEntries).Take(2));
        return $"the verifier ended with exit code {process.ExitCode}{(words.Length > 0 ? ": " + words : "")}";
    }

    /// <summary>Ends it with all that it started.</summary>
    public void Kill()
    {
        process.Kill(entireProcessTree: true); // nothing happens when it has ended
        process.WaitForExit();
    }

    /// <summary>Ends it; nobody else may use it any more.</summary>
    public void Dispose()
    {
        Kill();
        process.Dispose();
    }
}

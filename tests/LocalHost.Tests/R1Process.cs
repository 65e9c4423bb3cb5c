using System.Diagnostics;

namespace R1Cloud.LocalHost.Tests;

/// <summary>A finished program.</summary>
public sealed record ProcessOutcome(int ExitCode, string Output, string Error)
{
    public string All => Output + Error;
}

/// <summary>Runs the built <c>r1</c> as people do: as a process.</summary>
public static class R1Process
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "..", "..", "LocalHost", "release", "r1.dll");

    public static string Dll { get; } = Path.GetFullPath(File.Exists(Program) ? Program : Path.Combine(AppContext.BaseDirectory, "r1.dll"));

    /// <summary>Runs <c>r1</c> in a folder to its end.</summary>
    public static Task<ProcessOutcome> RunAsync(TestFolder folder, params string[] arguments) => RunWithAsync(folder, [], arguments);

    /// <summary>The same with environment variables.</summary>
    public static Task<ProcessOutcome> RunWithAsync(TestFolder folder, Dictionary<string, string?> environment,
        params string[] arguments) =>
        RunToEndAsync("dotnet", [Dll, .. arguments], folder.Root, environment);

    /// <summary>Runs any program to its end.</summary>
    public static async Task<ProcessOutcome> RunToEndAsync(string program, string[] arguments, string folder,
        Dictionary<string, string?> environment)
    {
        using var process = Start(program, arguments, folder, environment);
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(30)); // a busy machine takes its time
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return new(process.ExitCode, (await output).ReplaceLineEndings("\n"), (await error).ReplaceLineEndings("\n"));
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    public static Process Start(string program, string[] arguments, string folder, Dictionary<string, string?> environment)
    {
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var name in (string[])["R1_URL", "R1_API_KEY", "R1_DATA", "R1_GPUJOB", "NO_COLOR"]) start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }
}

using System.Diagnostics;

namespace R1Cloud.LocalHost.Tests.Engine;

/// <summary>An engine in a process of its own that can be killed.</summary>
internal sealed class EngineProcess : IDisposable
{
    private readonly Process process;

    private EngineProcess(Process process) => this.process = process;

    public int Id => process.Id;

    /// <summary>Starts the process and waits until its engine is up.</summary>
    public static async Task<EngineProcess> StartAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "R1Cloud.EngineHost.dll"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        var started = new EngineProcess(Process.Start(start)!);
        (await started.process.StandardOutput.ReadLineAsync()).ShouldBe("started");
        return started;
    }

    /// <summary>Kills it after a time, if it is not done before.</summary>
    /// <returns>What it printed when it was done; null when killed.</returns>
    public async Task<string?> RunForAsync(TimeSpan time)
    {
        var output = process.StandardOutput.ReadLineAsync();
        if (await Task.WhenAny(output, Task.Delay(time)) != output)
            await KillAsync();
        var line = await output;
        await process.WaitForExitAsync();
        return line;
    }

    public async Task KillAsync()
    {
        process.Kill(); // SIGKILL
        await process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
    }
}

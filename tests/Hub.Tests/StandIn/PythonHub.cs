using System.Diagnostics;
using System.Text.Json.Nodes;

namespace R1Cloud.Hub.Tests.StandIn;

/// <summary>The recordings' own stand-in, in a process of its own.</summary>
internal sealed class PythonHub : IDisposable
{
    private readonly Process process;

    private PythonHub(Process process, string url, string cdn) => (this.process, Url, Cdn) = (process, url, cdn);

    public string Url { get; }

    public string Cdn { get; }

    /// <summary>Starts it; the test is skipped where there is no Python.</summary>
    public static async Task<PythonHub> StartAsync(string script, string tree, params IEnumerable<string> options)
    {
        var start = new ProcessStartInfo("python3", ["-B", script, tree, .. options]) { RedirectStandardOutput = true };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("There is no python3.");
            throw;
        }
        var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(line is null, "python3 does not run the stand-in.");
        var said = JsonNode.Parse(line)!;
        return new(process, said["HF_ENDPOINT"]!.GetValue<string>(), said["cdn"]!.GetValue<string>());
    }

    public void Dispose()
    {
        process.Kill();
        process.Dispose();
    }
}

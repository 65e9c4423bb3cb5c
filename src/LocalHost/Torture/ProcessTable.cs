using System.Diagnostics;
using System.Globalization;
using R1Cloud.Shared.Processes;

namespace R1Cloud.LocalHost.Torture;

/// <summary>A process of this machine.</summary>
/// <param name="Id">Its id.</param>
/// <param name="ParentId">Who started it.</param>
/// <param name="Command">Its command line.</param>
internal sealed record ProcessEntry(int Id, int ParentId, string Command);

/// <summary>The processes that run on this machine.</summary>
internal static class ProcessTable
{
    /// <summary>All that a process has started, and what those have.</summary>
    public static async Task<IReadOnlyList<ProcessEntry>> DescendantsAsync(int id)
    {
        var children = (await ReadAsync()).ToLookup(process => process.ParentId);
        var found = new List<ProcessEntry>(children[id]);
        for (var next = 0; next < found.Count; next++) found.AddRange(children[found[next].Id]);
        return found;
    }

    private static async Task<IReadOnlyList<ProcessEntry>> ReadAsync()
    {
        var start = new ProcessStartInfo("ps", ["-A", "-ww", "-o", "pid=", "-o", "ppid=", "-o", "args="])
        {
            RedirectStandardOutput = true, UseShellExecute = false,
        };
        ChildEnvironment.ForTool(start);
        using var ps = Process.Start(start)!;
        var text = await ps.StandardOutput.ReadToEndAsync();
        await ps.WaitForExitAsync();
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse).OfType<ProcessEntry>()];
    }

    private static ProcessEntry? Parse(string line) =>
        line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is [var id, var parent, var command]
        && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && int.TryParse(parent, NumberStyles.None, CultureInfo.InvariantCulture, out var of)
            ? new(number, of, command) : null;
}

using System.Globalization;

namespace R1Cloud.Rewards.Sandboxing;

/// <summary>
/// Control groups that limit the memory and the number of processes of a whole sandbox, where this process may make some: version 2 with
/// the controllers delegated, or version 1. Elsewhere there are none and only the limits of each process hold.
/// </summary>
internal sealed class ControlGroups : IDisposable
{
    private const string Root = "/sys/fs/cgroup", Prefix = "r1-sandbox-";
    private static int made;

    private ControlGroups(IReadOnlyList<string> folders) => Folders = folders;

    /// <summary>The groups' folders; empty when there are none.</summary>
    public IReadOnlyList<string> Folders { get; }

    /// <summary>Makes the groups of one sandbox.</summary>
    public static ControlGroups Create(SandboxLimits limits)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref made)}");
        var own = Own();
        var folders = new List<string>();
        if (own.TryGetValue("", out var unified) && File.Exists(Path.Combine(Root, "cgroup.controllers")))
        {
            Add(Root + unified, ("memory.max", limits.MemoryBytes), ("memory.swap.max", 0), ("pids.max", limits.Processes));
        }
        else
        {
            if (own.TryGetValue("memory", out var memory))
                Add($"{Root}/memory{memory}", ("memory.limit_in_bytes", limits.MemoryBytes),
                    ("memory.memsw.limit_in_bytes", limits.MemoryBytes));
            if (own.TryGetValue("pids", out var pids)) Add($"{Root}/pids{pids}", ("pids.max", limits.Processes));
        }
        return new ControlGroups(folders);

        void Add(string parent, params (string File, long Value)[] settings)
        {
            var folder = Path.Combine(parent, name);
            try
            {
                RemoveStale(parent);
                Directory.CreateDirectory(folder);
                var (file, value) = settings[0];
                File.WriteAllText(Path.Combine(folder, file), value.ToString(CultureInfo.InvariantCulture));
                foreach (var (other, limit) in settings[1..])
                {
                    var path = Path.Combine(folder, other);
                    if (File.Exists(path)) File.WriteAllText(path, limit.ToString(CultureInfo.InvariantCulture));
                }
                folders.Add(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                TryRemove(folder); // not delegated to us
            }
        }
    }

    /// <summary>Removes the groups; the processes in them must be gone.</summary>
    public void Dispose()
    {
        foreach (var folder in Folders)
        {
            // a dead process leaves its group a moment later
            for (var attempt = 0; !TryRemove(folder) && attempt < 50; attempt++) Thread.Sleep(2);
        }
    }

    // This process's own group by controller; the unified hierarchy has the empty name.
    private static Dictionary<string, string> Own()
    {
        var own = new Dictionary<string, string>();
        foreach (var line in File.ReadLines("/proc/self/cgroup"))
        {
            var parts = line.Split(':', 3);
            foreach (var controller in parts[1].Split(',')) own[controller] = parts[2].TrimEnd('/');
        }
        return own;
    }

    // Those of a process that was killed.
    private static void RemoveStale(string parent)
    {
        foreach (var folder in Directory.EnumerateDirectories(parent, Prefix + "*"))
        {
            if (!Directory.Exists("/proc/" + Path.GetFileName(folder)[Prefix.Length..].Split('-')[0])) TryRemove(folder);
        }
    }

    private static bool TryRemove(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

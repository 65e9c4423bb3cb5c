using System.Globalization;

namespace R1Cloud.Rewards.Sandboxing;

/// <summary>
/// The command that starts an interpreter inside a sandbox: a mount namespace with a small <c>/tmp</c> of few files, then bubblewrap with
/// namespaces of its own for users, processes, network, IPC, host name and control groups, then the resource limits, then the interpreter.
/// </summary>
/// <remarks>
/// A root user first becomes a user that owns nothing, so that the limit on processes, which Linux does not enforce for root, holds, and an
/// escape would be nobody's. bubblewrap sets no-new-privileges, drops all capabilities and dies with this process.
/// </remarks>
internal static class SandboxCommand
{
    // The user that programs run as, seen from outside, when this process is root's.
    private const string NobodysId = "1879048192";

    // $1 control groups to enter, $2 the file system's options, $3 files and folders to lend (each on a line), $4 the system call filter,
    // then what to run.
    private const string Prepare = """
        for group in $1; do echo $$ > "$group/cgroup.procs" || :; done # made, but not to be entered: the other limits hold
        echo 1000 > /proc/self/oom_score_adj
        mount -t tmpfs -o size=1m,mode=755 sandbox /mnt
        mkdir /mnt/tmp
        mount -t tmpfs -o "$2" sandbox /mnt/tmp
        n=0
        while IFS= read -r folder; do
            [ -n "$folder" ] || continue
            if [ -d "$folder" ]; then mkdir /mnt/$n; else : > /mnt/$n; fi
            mount --bind "$folder" /mnt/$n
            n=$((n + 1))
        done <<END
        $3
        END
        echo "$4" | base64 -d > /mnt/filter
        exec 9< /mnt/filter
        shift 4
        exec "$@"
        """;

    /// <summary>The program and its arguments.</summary>
    /// <param name="interpreter">What runs inside.</param>
    /// <param name="limits">What it may use.</param>
    /// <param name="groups">Control groups to put it into; may be empty.</param>
    /// <param name="filter">The system call filter.</param>
    /// <param name="isRoot">Whether this process is root's.</param>
    public static IReadOnlyList<string> Create(Interpreter interpreter, SandboxLimits limits, IReadOnlyList<string> groups, byte[] filter,
        bool isRoot)
    {
        var command = new List<string> { "unshare" };
        if (!isRoot) command.AddRange("--user", "--map-root-user");
        command.AddRange("--mount", "--propagation", "private", "--", "sh", "-ec", Prepare, "sandbox",
            string.Join(' ', groups),
            string.Create(CultureInfo.InvariantCulture, $"size={limits.TmpBytes},nr_inodes={limits.TmpFiles},mode=1777,nosuid,nodev"),
            string.Join('\n', interpreter.Roots),
            Convert.ToBase64String(filter));
        if (isRoot) command.AddRange("setpriv", "--reuid", NobodysId, "--regid", NobodysId, "--clear-groups", "--no-new-privs", "--");
        command.AddRange(
            "bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
                "--unshare-cgroup-try",
            "--hostname", "sandbox", "--new-session", "--die-with-parent", "--cap-drop", "ALL", "--seccomp", "9",
            "--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp", "--setenv", "LANG", "C.UTF-8",
            "--ro-bind", "/usr", "/usr", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind-try", "/etc/alternatives",
                "/etc/alternatives");
        foreach (var folder in new DirectoryInfo[] { new("/bin"), new("/sbin"), new("/lib"), new("/lib32"), new("/lib64") }
            .Where(folder => folder.Exists))
        {
            if (folder.LinkTarget is { } target) command.AddRange("--symlink", target, folder.FullName);
            else command.AddRange("--ro-bind", folder.FullName, folder.FullName);
        }
        for (var i = 0; i < interpreter.Roots.Count; i++) command.AddRange("--ro-bind", $"/mnt/{i}", interpreter.Roots[i]);
        foreach (var device in new[] { "null", "zero", "random", "urandom" })
            command.AddRange("--dev-bind", "/dev/" + device, "/dev/" + device);
        // No /proc: nothing about any process can be read or written through it.
        command.AddRange("--bind", "/mnt/tmp", "/tmp", "--chdir", "/tmp", "--remount-ro", "/", "--");
        command.AddRange(Limit(interpreter, limits));
        command.Add(interpreter.Executable);
        command.AddRange(interpreter.Arguments);
        return command;
    }

    /// <summary>The limits alone, for those who said that there is to be no sandbox.</summary>
    public static IReadOnlyList<string> Unsandboxed(Interpreter interpreter, SandboxLimits limits) =>
        [.. Limit(interpreter, limits with { Processes = 0 }), interpreter.Executable, .. interpreter.Arguments];

    // Inside the user namespace, so that processes of the same user outside do not count.
    private static IEnumerable<string> Limit(Interpreter interpreter, SandboxLimits limits)
    {
        yield return "prlimit";
        yield return "--core=0:0";
        yield return Both("cpu", limits.CpuSeconds);
        yield return Both("fsize", limits.TmpBytes);
        yield return Both("nofile", limits.OpenFiles);
        yield return Both("memlock", 0);
        yield return Both("msgqueue", 0);
        yield return Both(interpreter.ReservesAddresses ? "data" : "as", limits.MemoryBytes);
        if (limits.Processes > 0) yield return Both("nproc", limits.Processes);
        yield return "--";

        static string Both(string name, long value) => string.Create(CultureInfo.InvariantCulture, $"--{name}={value}:{value}");
    }

    private static void AddRange(this List<string> list, params ReadOnlySpan<string> items)
    {
        foreach (var item in items) list.Add(item);
    }
}

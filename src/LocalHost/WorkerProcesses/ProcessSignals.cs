using System.Diagnostics;
using System.Runtime.InteropServices;

namespace R1Cloud.LocalHost.WorkerProcesses;

/// <summary>Signals to processes.</summary>
internal static class ProcessSignals
{
    private const int Sigkill = 9, Sigterm = 15;

    // The two numbers that are not the same everywhere.
    private static readonly int Sigstop = OperatingSystem.IsLinux() ? 19 : 17, Sigcont = OperatingSystem.IsLinux() ? 18 : 19;

    /// <summary>SIGTERM; where there are no signals, the end of the child's standard input says the same.</summary>
    /// <param name="child">A child started by this process and not yet known to have exited, so that its id is still its own.</param>
    public static void Terminate(Process child)
    {
        if (OperatingSystem.IsWindows()) child.StandardInput.Close();
        else Terminate([child.Id]);
    }

    /// <summary>SIGTERM: they are asked to leave.</summary>
    public static void Terminate(IReadOnlyList<int> processes) => Send(processes, Sigterm);

    /// <summary>SIGKILL: they end without a word.</summary>
    public static void Kill(IReadOnlyList<int> processes) => Send(processes, Sigkill);

    /// <summary>SIGSTOP: they stand still.</summary>
    public static void Stop(IReadOnlyList<int> processes) => Send(processes, Sigstop);

    /// <summary>SIGCONT: they go on.</summary>
    public static void Continue(IReadOnlyList<int> processes) => Send(processes, Sigcont);

    // One that has just ended by itself is not there any more, which is as good.
    private static void Send(IReadOnlyList<int> processes, int signal)
    {
        foreach (var process in processes) _ = Send(process, signal);
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Send(int processId, int signal);
}

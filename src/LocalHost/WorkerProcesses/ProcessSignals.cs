using System.Diagnostics;
using System.Runtime.InteropServices;

namespace R1Cloud.LocalHost.WorkerProcesses;

/// <summary>Asks a child process to leave.</summary>
internal static class ProcessSignals
{
    private const int Sigterm = 15;

    /// <summary>SIGTERM; where there are no signals, the end of the child's standard input says the same.</summary>
    /// <param name="child">A child started by this process and not yet known to have exited, so that its id is still its own.</param>
    public static void Terminate(Process child)
    {
        if (OperatingSystem.IsWindows()) child.StandardInput.Close();
        else _ = Kill(child.Id, Sigterm);
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}

using System.Runtime.InteropServices;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>What this process and its children (storage, workers) create is this user's alone, wherever it is.</summary>
internal static class ProcessMask
{
    private const uint Others = 0b111_111;

    /// <summary>From now on: files 0600, folders 0700.</summary>
    public static void KeepOthersOut()
    {
        if (!OperatingSystem.IsWindows()) _ = Umask(Others);
    }

    [DllImport("libc", EntryPoint = "umask")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint Umask(uint mask);
}

using System.Runtime.InteropServices;

namespace R1Cloud.Rewards.Verification;

/// <summary>What a verifier process does to itself before anything else.</summary>
internal static partial class ChildLimits
{
    private const int ParentDeathSignal = 1, Kill = 9, Data = 2;

    /// <summary>
    /// Dies with the process that started it and may not use more memory than given; Linux only, elsewhere nothing happens.
    /// </summary>
    /// <param name="memoryBytes">Private writable memory (RLIMIT_DATA: unlike the address space, .NET does not reserve it ahead).</param>
    public static void Apply(long memoryBytes)
    {
        if (!OperatingSystem.IsLinux()) return;
        _ = Control(ParentDeathSignal, Kill, 0, 0, 0);
        var limit = new Limit { Soft = (ulong)memoryBytes, Hard = (ulong)memoryBytes };
        if (SetLimit(Data, in limit) != 0)
            throw new InvalidOperationException(
                $"The memory limit of {memoryBytes} bytes cannot be set: error {Marshal.GetLastPInvokeError()}.");
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Control(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, in Limit limit);
}

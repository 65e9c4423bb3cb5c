namespace R1Cloud.Rewards.Sandboxing;

/// <summary>What a sandboxed program may use. Sizes are in bytes, times in seconds.</summary>
internal sealed record SandboxLimits
{
    /// <summary>The defaults.</summary>
    public static SandboxLimits Default { get; } = new();

    /// <summary>What one test case or call may spend: processor time, and time in which the program sleeps or waits.</summary>
    public double Seconds { get; init; } = 5;

    /// <summary>What all cases of one program may spend together.</summary>
    public double TotalSeconds { get; init; } = 30;

    /// <summary>Processor time of each process (RLIMIT_CPU): a second barrier behind the others.</summary>
    public int CpuSeconds { get; init; } = 40;

    /// <summary>Wall-clock time that is many times what may be spent: when it is over, the machine has failed, not the program.</summary>
    public double Guard(double seconds) => (GuardFactor * seconds) + GuardSeconds;

    /// <summary>How many times what may be spent the wall clock may show.</summary>
    public double GuardFactor { get; init; } = 30;

    /// <summary>Wall-clock seconds beside that.</summary>
    public double GuardSeconds { get; init; } = 30;

    /// <summary>
    /// Memory: address space of each process (data segment for JavaScript), and of all together where control groups are to be had.
    /// </summary>
    public long MemoryBytes { get; init; } = 512L << 20;

    /// <summary>Processes and threads at a time.</summary>
    public int Processes { get; init; } = 32;

    /// <summary>Open files a process.</summary>
    public int OpenFiles { get; init; } = 64;

    /// <summary>The writable file system, <c>/tmp</c>, and the largest file in it.</summary>
    public long TmpBytes { get; init; } = 16L << 20;

    /// <summary>Files, folders and links in <c>/tmp</c>.</summary>
    public int TmpFiles { get; init; } = 1024;

    /// <summary>Standard output of one test case, and as much of the standard error.</summary>
    public int OutputBytes { get; init; } = 1 << 20;

    /// <summary>One message of a runner: a result, or a call's value.</summary>
    public int MessageBytes { get; init; } = 8 << 20;

    /// <summary>How long an interpreter may take to start.</summary>
    public double StartSeconds { get; init; } = 60;
}

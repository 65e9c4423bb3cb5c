namespace R1Cloud.LocalHost.Environments;

/// <summary>What <c>r1</c> exits with; every command's help lists these.</summary>
internal static class ExitCode
{
    /// <summary>Done as asked.</summary>
    public const int Ok = 0;
    /// <summary>The run failed or was cancelled.</summary>
    public const int RunFailed = 1;
    /// <summary>The recipe or the arguments are wrong.</summary>
    public const int BadInput = 2;
    /// <summary>The machine is not ready: port in use, Azurite or Node missing, data folder taken, no host running.</summary>
    public const int Environment = 3;
    /// <summary>A figure is outside the band that the recipe expects.</summary>
    public const int Outside = 4;
    /// <summary>Stopped by Ctrl-C or a signal.</summary>
    public const int Interrupted = 130;

    /// <summary>The lines of the help.</summary>
    public static IReadOnlyList<(int Code, string Meaning)> All { get; } =
    [
        (Ok, "done"),
        (RunFailed, "the run failed or was cancelled"),
        (BadInput, "the recipe or the arguments are wrong"),
        (Environment, "the machine is not ready: port in use, Azurite or Node missing, data folder taken, no host running"),
        (Outside, "a figure is outside the band that the recipe expects (verify)"),
        (Interrupted, "stopped by Ctrl-C or a signal"),
    ];
}

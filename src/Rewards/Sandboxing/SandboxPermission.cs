namespace R1Cloud.Rewards.Sandboxing;

/// <summary>
/// Whether this process may run programs without a sandbox. Whoever starts the process says so, on its command line; neither a recipe nor
/// a job can, since both may be a stranger's.
/// </summary>
internal static class SandboxPermission
{
    /// <summary>The option of <c>gpujob work</c>, which hands it on to its verifiers.</summary>
    public const string Option = "--allow-unsandboxed";

    /// <summary>Whether it was given.</summary>
    public static bool IsUnsandboxed { get; private set; }

    /// <summary>Takes what the command line said.</summary>
    public static void Set(bool isUnsandboxed) => IsUnsandboxed = isUnsandboxed;
}

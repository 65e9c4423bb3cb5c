using System.Diagnostics;

namespace R1Cloud.Shared.Processes;

/// <summary>
/// What child processes are told of this process's environment: what programs need to run at all, and no more. Keys and tokens (of the API,
/// of storage, of a model hub, of whatever else the user has) are for the process that they were given to.
/// </summary>
public static class ChildEnvironment
{
    private static readonly string[] System =
    [
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "TMP", "TEMP", "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
            "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
        "SystemRoot", "SystemDrive", "windir", "ComSpec", "PATHEXT", "USERPROFILE", "USERNAME", "APPDATA", "LOCALAPPDATA", "ProgramData",
            "ProgramFiles", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE",
    ];

    private static readonly string[] Runtime =
        [.. System, "DOTNET_*", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"];

    private static readonly string[] Trainer =
        [.. Runtime, "CUDA_*", "NVIDIA_*", "NCCL_*", "OMP_*", "GOMP_*", "KMP_*", "MKL_*", "ONEDNN_*", "DNNL_*", "OPENBLAS_*", "TORCH_*",
            "PYTORCH_*"];

    /// <summary>For other programs: interpreters, tools, the local storage.</summary>
    public static void ForTool(ProcessStartInfo start) => Keep(start, System);

    /// <summary>For programs of ours that compute on the CPU: verifiers.</summary>
    public static void ForProgram(ProcessStartInfo start) => Keep(start, Runtime);

    /// <summary>For the trainer: what chooses devices and threads, too.</summary>
    public static void ForTrainer(ProcessStartInfo start) => Keep(start, Trainer);

    // To be called before variables of the child's own are set.
    private static void Keep(ProcessStartInfo start, string[] allowed)
    {
        ArgumentNullException.ThrowIfNull(start);
        var comparison = OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        foreach (var name in start.Environment.Keys.Where(name => !allowed.Any(pattern => Matches(pattern, name))).ToList())
            start.Environment.Remove(name);

        bool Matches(string pattern, string name) =>
            pattern.EndsWith('*') ? name.StartsWith(pattern[..^1], comparison) : string.Equals(pattern, name, comparison);
    }
}

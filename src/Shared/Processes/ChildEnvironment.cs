using System.Diagnostics;

namespace R1Cloud.Shared.Processes;

/// <summary>
/// What child processes are told of this process's environment: what programs need to run at all, and no more. Keys and tokens (of the API,
/// of storage, of whatever else the user has) are for the process that they were given to; the Hub's token is for the trainer too, which
/// fetches what a recipe names there, and so is how the engines that it samples by are found.
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

    private static readonly string[] Devices =
        ["CUDA_*", "NVIDIA_*", "NCCL_*", "OMP_*", "GOMP_*", "KMP_*", "MKL_*", "ONEDNN_*", "DNNL_*", "OPENBLAS_*", "TORCH_*", "PYTORCH_*"];

    private static readonly string[] Engine = [.. Runtime, .. Devices, "TRITON_*", "FLASHINFER_*"];

    private static readonly string[] Trainer =
        [.. Runtime, .. Devices, "R1_ENGINE_*",
            "HF_ENDPOINT", "HF_HOME", "HF_HUB_*", "HF_TOKEN", "HF_TOKEN_PATH", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_CACHE",
            "TRANSFORMERS_OFFLINE", "OTEL_*", "APPLICATIONINSIGHTS_*"];

    /// <summary>For other programs: interpreters, tools, the local storage.</summary>
    public static void ForTool(ProcessStartInfo start) => Keep(start, System);

    /// <summary>For programs of ours that compute on the CPU: verifiers.</summary>
    public static void ForProgram(ProcessStartInfo start) => Keep(start, Runtime);

    /// <summary>For inference engines: what chooses devices and threads; neither keys nor tokens, nor the engine's own variables.</summary>
    public static void ForEngine(ProcessStartInfo start) => Keep(start, Engine);

    /// <summary>For the trainer: what chooses devices and threads, and where telemetry goes, too.</summary>
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

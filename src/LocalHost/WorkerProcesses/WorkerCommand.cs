using R1Cloud.LocalHost.Environments;

namespace R1Cloud.LocalHost.WorkerProcesses;

/// <summary>How the trainer is started.</summary>
/// <param name="FileName">The program.</param>
/// <param name="Arguments">What comes before the worker's own arguments.</param>
internal sealed record WorkerCommand(string FileName, IReadOnlyList<string> Arguments)
{
    /// <summary>Names another trainer: a program or a .dll.</summary>
    public const string OverrideVariable = "R1_GPUJOB";

    /// <summary>
    /// The trainer built beside this program, <c>artifacts/bin/GpuJob/{configuration}/gpujob.dll</c>, or what
    /// <see cref="OverrideVariable"/> names.
    /// </summary>
    /// <exception cref="EnvironmentException">It is not there.</exception>
    public static WorkerCommand Find(string? named, string baseDirectory)
    {
        var folder = Path.TrimEndingDirectorySeparator(baseDirectory);
        var path = Path.GetFullPath(string.IsNullOrEmpty(named)
            ? Path.Combine(folder, "..", "..", "GpuJob", Path.GetFileName(folder), "gpujob.dll")
            : named);
        if (!File.Exists(path))
        {
            throw new EnvironmentException(string.IsNullOrEmpty(named)
                ? $"The trainer '{path}' is missing. Build it with ./r1 or `dotnet build src/GpuJob -c Release`, or name it "
                    + $"in {OverrideVariable}."
                : $"{OverrideVariable} names '{named}', which does not exist.");
        }

        return path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)
            ? new WorkerCommand(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [path])
            : new WorkerCommand(path, []);
    }
}

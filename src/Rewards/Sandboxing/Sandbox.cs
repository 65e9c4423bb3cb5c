using System.ComponentModel;
using System.Diagnostics;

namespace R1Cloud.Rewards.Sandboxing;

/// <summary>Starts sandboxes with an interpreter inside.</summary>
internal sealed class Sandbox
{
    // The tools that a sandbox is made with, and the Debian packages that hold them.
    private static readonly (string Tool, string Package)[] Tools =
        [("bwrap", "bubblewrap"), ("unshare", "util-linux"), ("prlimit", "util-linux"), ("setpriv", "util-linux")];

    private readonly byte[] filter = [];

    /// <summary>Looks whether a sandbox can be had.</summary>
    /// <param name="interpreter">What runs inside.</param>
    /// <param name="limits">What it may use.</param>
    /// <param name="unsandboxed">Run programs with the limits alone, open to everything that this user may do.</param>
    /// <param name="searchPath">Where the tools are looked for; null for the PATH.</param>
    /// <exception cref="SandboxUnavailableException">Something is missing; the message says how to get it.</exception>
    public Sandbox(Interpreter interpreter, SandboxLimits limits, bool unsandboxed = false, string? searchPath = null)
    {
        (Interpreter, Limits, IsUnsandboxed) = (interpreter, limits, unsandboxed);
        if (!OperatingSystem.IsLinux())
            throw new SandboxUnavailableException("Running code answers needs Linux: the sandbox is made of its namespaces.");
        foreach (var (tool, package) in Tools)
        {
            if (unsandboxed && tool != "prlimit") continue;
            if (!IsOn(searchPath ?? Environment.GetEnvironmentVariable("PATH") ?? "", tool))
                throw new SandboxUnavailableException(
                    $"Running code answers needs the program '{tool}': install the package {package} (Debian: apt-get install {package}).");
        }
        if (!unsandboxed) filter = SeccompFilter.Create();
    }

    /// <summary>What runs inside.</summary>
    public Interpreter Interpreter { get; }

    /// <summary>What it may use.</summary>
    public SandboxLimits Limits { get; }

    /// <summary>Whether there is no sandbox but the limits.</summary>
    public bool IsUnsandboxed { get; }

    /// <summary>Starts an interpreter; returns at once, before it is ready.</summary>
    /// <exception cref="SandboxUnavailableException">It does not start.</exception>
    public Runner Start()
    {
        var groups = IsUnsandboxed ? null : ControlGroups.Create(Limits);
        try
        {
            var command = IsUnsandboxed
                ? SandboxCommand.Unsandboxed(Interpreter, Limits)
                : SandboxCommand.Create(Interpreter, Limits, groups!.Folders, filter, Environment.IsPrivilegedProcess);
            var info = new ProcessStartInfo(command[0], command.Skip(1))
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = "/",
            };
            // Nothing of this process's environment, which may hold secrets.
            info.Environment.Clear();
            info.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
            return new Runner(ProcessStarter.Start(info), groups, Limits);
        }
        catch (Win32Exception e)
        {
            groups?.Dispose();
            throw new SandboxUnavailableException($"The sandbox does not start: {e.Message}", e);
        }
    }

    private static bool IsOn(string path, string tool) =>
        path.Split(':').Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, tool)));
}

using System.CommandLine;
using R1Cloud.Rewards.Sandboxing;

namespace R1Cloud.GpuJob.Commands;

/// <summary>The option that gives <see cref="SandboxPermission"/>.</summary>
internal static class UnsandboxedOption
{
    /// <summary>The option for a command.</summary>
    public static Option<bool> Create() => new(SandboxPermission.Option)
    {
        Description = "Run the programs of code rewards without a sandbox, open to everything that this user may do: "
            + "for machines that are thrown away.",
    };
}

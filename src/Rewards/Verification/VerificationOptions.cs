using R1Cloud.Rewards.Sandboxing;

namespace R1Cloud.Rewards.Verification;

/// <summary>How verifiers run beside generation.</summary>
internal sealed record VerificationOptions
{
    /// <summary>The program of a verifier process, then its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Processes.</summary>
    public int Workers { get; init; } = Math.Clamp(Environment.ProcessorCount / 2, 1, 16);

    /// <summary>Memory of one process, in bytes.</summary>
    public long MemoryBytes { get; init; } = 2L << 30;

    /// <summary>Requests that wait; further callers wait to put theirs in.</summary>
    public int QueueLength { get; init; } = 1024;

    /// <summary>How long a request may take, by the reward's name.</summary>
    public Func<string, TimeSpan> TimeLimit { get; init; } = name => IsolatedRewards.TimeLimit(name) ?? IsolatedRewards.DefaultLimit;

    /// <summary>Time on top for the first request of a process, which has to start.</summary>
    public TimeSpan StartGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock of the limits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The verifiers of this program: <c>gpujob verify</c>.</summary>
    public static VerificationOptions Default => new()
    {
        Command =
        [
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet",
            Path.Combine(AppContext.BaseDirectory, "gpujob.dll"), "verify",
            .. SandboxPermission.IsUnsandboxed ? (string[])[SandboxPermission.Option] : [],
        ],
    };
}

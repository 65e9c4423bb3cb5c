namespace R1Cloud.LocalHost.Tests.Security;

/// <summary>Another user of this machine, who runs programs beside ours.</summary>
internal static class OtherUser
{
    public const string Id = "65534";

    /// <summary>Why there is none here, for the tests that need one.</summary>
    public const string Missing = "Only root can act as another user here, with setpriv of util-linux.";

    /// <summary>Whether this process can act as another user.</summary>
    public static bool IsHere { get; } = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess
        && (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "setpriv")));

    /// <summary>Runs a shell script as that user.</summary>
    public static Task<ProcessOutcome> RunAsync(string script) =>
        R1Process.RunToEndAsync("setpriv", ["--reuid", Id, "--regid", Id, "--clear-groups", "bash", "-c", script], "/", []);

    /// <summary>A request by that user: the status line and what follows.</summary>
    public static async Task<string> AskAsync(Uri address, string method, params string[] headers)
    {
        var lines = string.Concat(headers.Append("Connection: close").Select(header => header + "\\r\\n"));
        var request =
            $"{method} {address.PathAndQuery} HTTP/1.1\\r\\nHost: {address.Authority}\\r\\n{lines}\\r\\n".Replace("%", "%%",
                StringComparison.Ordinal);
        return (await RunAsync($"exec 3<>/dev/tcp/{address.Host}/{address.Port} && printf '{request}' >&3 && cat <&3")).All;
    }

    /// <summary>Takes names before we do.</summary>
    public static async Task TakeAsync(params string[] folders)
    {
        foreach (var folder in folders) (await RunAsync($"mkdir '{folder}'")).ExitCode.ShouldBe(0);
    }

    /// <summary>Gives that user a file of ours.</summary>
    public static async Task GiveAsync(string path) =>
        (await R1Process.RunToEndAsync("chown", [Id, path], "/", [])).ExitCode.ShouldBe(0);
}

using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace R1Cloud.GpuJob.Rewards.Code.Sandboxing;

/// <summary>A language's interpreter on this machine.</summary>
/// <param name="Language">The language's name in recipes.</param>
/// <param name="Executable">The program itself, not a link or a shim to it.</param>
/// <param name="Roots">Folders outside <c>/usr</c> that it needs.</param>
/// <param name="Arguments">What it is started with to become a runner.</param>
/// <param name="ReservesAddresses">Whether it reserves far more addresses than it uses, so that only its data can be limited.</param>
internal sealed record Interpreter(string Language, string Executable, IReadOnlyList<string> Roots, IReadOnlyList<string> Arguments, bool ReservesAddresses)
{
    /// <summary>The languages there are runners for.</summary>
    public static IReadOnlyList<string> Languages { get; } = ["python", "javascript"];

    /// <summary>Finds the interpreter of a language on the PATH.</summary>
    /// <exception cref="SandboxUnavailableException">It is missing or too old; the message says how to get it.</exception>
    public static Interpreter Find(string language) => language switch
    {
        "python" => Python(),
        "javascript" => Node(),
        _ => throw new SandboxUnavailableException($"There is no runner for the language '{language}'. Known: {string.Join(", ", Languages)}."),
    };

    private static Interpreter Python()
    {
        const string Install = "Python 3.9 or later is needed to run Python answers (Debian: apt-get install python3)";
        // Asked rather than looked up: python3 is often a shim of a version manager.
        var told = Ask("python3", Install, "-I", "-c",
            "import json, os, sys; print(json.dumps([os.path.realpath(sys.executable), sys.version_info[:2] >= (3, 9), sys.version.split()[0], sys.prefix, sys.base_prefix]))");
        if (!told[1].GetBoolean()) throw new SandboxUnavailableException($"{Install}; python3 on the PATH is {told[2]}.");
        var executable = told[0].GetString()!;
        // -B: no byte code beside read-only modules; -I: neither the environment nor the current folder has a say.
        return new("python", executable, Outside(executable, told[3].GetString()!, told[4].GetString()!), ["-I", "-B", "-c", RunnerScripts.Python], ReservesAddresses: false);
    }

    private static Interpreter Node()
    {
        const string Install = "Node.js 20 or later is needed to run JavaScript answers (https://nodejs.org)";
        var told = Ask("node", Install, "-p", "JSON.stringify([process.execPath, Number(process.versions.node.split('.')[0]) >= 20, process.version])");
        if (!told[1].GetBoolean()) throw new SandboxUnavailableException($"{Install}; node on the PATH is {told[2]}.");
        var executable = told[0].GetString()!;
        return new("javascript", executable, Outside(executable, Path.GetDirectoryName(Path.GetDirectoryName(executable))!), ["-e", RunnerScripts.JavaScript], ReservesAddresses: true);
    }

    private static List<string> Outside(string executable, params string[] prefixes)
    {
        var roots = prefixes.Where(prefix => prefix != "/usr" && !prefix.StartsWith("/usr/", StringComparison.Ordinal)).Distinct().ToList();
        var open = new[] { "/", "/home", "/root", Environment.GetEnvironmentVariable("HOME") ?? "/root" };
        return roots.Find(root => open.Contains(root.TrimEnd('/') is { Length: > 0 } trimmed ? trimmed : "/")) is { } wide
            ? throw new SandboxUnavailableException($"The interpreter '{executable}' is installed in '{wide}' itself, which a sandbox must not show to programs: install it in a folder of its own.")
            : roots;
    }

    private static JsonElement[] Ask(string program, string install, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
            process.StandardInput.Close();
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0
                ? JsonSerializer.Deserialize<JsonElement[]>(output)!
                : throw new SandboxUnavailableException($"{install}; '{program}' on the PATH ended with exit code {process.ExitCode}: {errors.Result.Trim()}");
        }
        catch (Exception e) when (e is Win32Exception or JsonException)
        {
            throw new SandboxUnavailableException($"{install}: {e.Message}", e);
        }
    }
}

using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using R1Cloud.Shared.Processes;

namespace R1Cloud.Rewards.Sandboxing;

/// <summary>A language's interpreter on this machine.</summary>
/// <param name="Language">The language's name in recipes.</param>
/// <param name="Executable">The program itself, not a link or a shim to it.</param>
/// <param name="Roots">Files and folders outside <c>/usr</c> that it needs: itself and its libraries. What else lies beside them is not
/// shown to programs.</param>
/// <param name="Arguments">What it is started with to become a runner.</param>
/// <param name="ReservesAddresses">Whether it reserves far more addresses than it uses, so that only its data can be limited.</param>
internal sealed record Interpreter(string Language, string Executable, IReadOnlyList<string> Roots, IReadOnlyList<string> Arguments,
    bool ReservesAddresses)
{
    /// <summary>The languages there are runners for.</summary>
    public static IReadOnlyList<string> Languages { get; } = ["python", "javascript"];

    /// <summary>Finds the interpreter of a language on the PATH.</summary>
    /// <exception cref="SandboxUnavailableException">It is missing or too old; the message says how to get it.</exception>
    public static Interpreter Find(string language) => language switch
    {
        "python" => Python(),
        "javascript" => Node(),
        _ => throw new SandboxUnavailableException(
            $"There is no runner for the language '{language}'. Known: {string.Join(", ", Languages)}."),
    };

    private static Interpreter Python()
    {
        const string Install = "Python 3.9 or later is needed to run Python answers (Debian: apt-get install python3)";
        // Asked rather than looked up: python3 is often a shim of a version manager.
        var told = Ask("python3", Install, "-I", "-c",
            "import json, os, sys; print(json.dumps([os.path.realpath(sys.executable), sys.version_info[:2] >= (3, 9), "
            + "sys.version.split()[0], sys.prefix, sys.base_prefix]))");
        if (!told[1].GetBoolean()) throw new SandboxUnavailableException($"{Install}; python3 on the PATH is {told[2]}.");
        var executable = told[0].GetString()!;
        // -B: no byte code beside read-only modules; -I: neither the environment nor the current folder has a say.
        return new("python", executable, Outside(executable, told[3].GetString()!, told[4].GetString()!),
            ["-I", "-B", "-c", RunnerScripts.Python], ReservesAddresses: false);
    }

    private static Interpreter Node()
    {
        const string Install = "Node.js 20 or later is needed to run JavaScript answers (https://nodejs.org)";
        var told = Ask("node", Install, "-p",
            "JSON.stringify([process.execPath, Number(process.versions.node.split('.')[0]) >= 20, process.version])");
        if (!told[1].GetBoolean()) throw new SandboxUnavailableException($"{Install}; node on the PATH is {told[2]}.");
        var executable = told[0].GetString()!;
        return new("javascript", executable, Outside(executable, Path.GetDirectoryName(Path.GetDirectoryName(executable))!),
            ["-e", RunnerScripts.JavaScript], ReservesAddresses: true);
    }

    /// <summary>The executable, and of the folders that it is installed in (<c>/opt</c>, <c>~/.local</c>) the libraries alone.</summary>
    internal static IReadOnlyList<string> Outside(string executable, params IEnumerable<string> prefixes)
    {
        var needed = prefixes.Distinct()
            .SelectMany(prefix => new[] { Path.Combine(prefix, "lib"), Path.Combine(prefix, "lib64"), Path.Combine(prefix, "pyvenv.cfg") })
            .Where(path => Directory.Exists(path) || File.Exists(path)).Prepend(executable);
        return [.. needed.Where(path => !path.StartsWith("/usr/", StringComparison.Ordinal) && Path.GetDirectoryName(path) != "/")
            .Distinct()];
    }

    [SuppressMessage("Usage", "VSTHRD002", Justification = "The process has ended, and with it what it writes.")]
    private static JsonElement[] Ask(string program, string install, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true,
                RedirectStandardInput = true };
            ChildEnvironment.ForTool(start);
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0
                ? JsonSerializer.Deserialize<JsonElement[]>(output)!
                : throw new SandboxUnavailableException(
                    $"{install}; '{program}' on the PATH ended with exit code {process.ExitCode}: {errors.Result.Trim()}");
        }
        catch (Exception e) when (e is Win32Exception or JsonException)
        {
            throw new SandboxUnavailableException($"{install}: {e.Message}", e);
        }
    }
}

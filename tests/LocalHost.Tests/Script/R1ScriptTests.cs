namespace R1Cloud.LocalHost.Tests.Script;

/// <summary>The root script in a small copy of the repository, with programs that only write down how they were called.</summary>
public sealed class R1ScriptTests : IDisposable
{
    private readonly TestFolder folder = new();

    public R1ScriptTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The script is for bash.");
        folder.Script("repo/r1", File.ReadAllText(Path.Combine(Repository.Root, "r1")));
        folder.Write("repo/src/LocalHost/Program.cs", "");
        folder.Write("repo/eng/azurite/package-lock.json", "{}");
        folder.Write("repo/Cloud.sln", "");
        folder.Script("bin/dotnet", $$"""
            case $1 in
              --version) echo "${FAKE_SDK-10.0.401}"; exit 0 ;;
              build) echo "build $*" >> '{{folder["calls"]}}'; echo "error CS1002: ; expected"; exit "${FAKE_BUILD-0}" ;;
              *) shift; echo "r1 in $PWD: $*"; exit 7 ;;
            esac
            """);
        folder.Script("bin/node", "echo \"${FAKE_NODE-v20.1.0}\"");
        folder.Script("bin/npm", $"echo \"npm $*\" >> '{folder["calls"]}'; mkdir -p '{folder["repo/eng/azurite/node_modules"]}'");
    }

    private string[] Calls => File.Exists(folder["calls"]) ? File.ReadAllLines(folder["calls"]) : [];

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Run_FirstTime_BuildsOnceAndHandsOver()
    {
        var first = await R1Async([], "runs", "--json");
        first.ExitCode.ShouldBe(7); // The program's own.
        first.Output.ShouldContain($"r1 in {folder.Root}: runs --json");
        first.Error.ShouldBe("r1: building…\n");
        Calls.Length.ShouldBe(1);
        Calls[0].ShouldContain("src/LocalHost -c Release");

        var second = await R1Async([], "runs");
        second.Error.ShouldBeEmpty();
        Calls.Length.ShouldBe(1);
    }

    [Fact]
    public async Task Run_SourceChangedOrRemoved_BuildsAgain()
    {
        await R1Async([], "runs");
        await Task.Delay(20);
        folder.Write("repo/src/LocalHost/New.cs", "");
        await R1Async([], "runs");
        Calls.Length.ShouldBe(2);
        await Task.Delay(20);
        File.Delete(folder["repo/src/LocalHost/New.cs"]);
        await R1Async([], "runs");
        Calls.Length.ShouldBe(3);
        await R1Async([], "runs");
        Calls.Length.ShouldBe(3);
    }

    [Fact]
    public async Task Run_BuildFails_ShowsItsOutputAndTriesAgainNextTime()
    {
        var outcome = await R1Async(new() { ["FAKE_BUILD"] = "1" }, "runs");
        outcome.ExitCode.ShouldBe(3);
        outcome.Error.ShouldContain("error CS1002");
        outcome.Output.ShouldBeEmpty();
        await R1Async([], "runs");
        Calls.Length.ShouldBe(2);
    }

    [Theory]
    [InlineData("9.0.100")]
    [InlineData("")]
    public async Task Run_WrongSdk_SaysWhichIsNeeded(string version)
    {
        var outcome = await R1Async(new() { ["FAKE_SDK"] = version }, "runs");
        outcome.ExitCode.ShouldBe(3);
        outcome.Error.ShouldContain("the .NET 10 SDK is needed");
        outcome.Error.ShouldContain("https://dotnet.microsoft.com");
    }

    [Fact]
    public async Task Up_OldNode_SaysWhichIsNeeded()
    {
        var outcome = await R1Async(new() { ["FAKE_NODE"] = "v18.20.0" }, "up", "x.json");
        outcome.ExitCode.ShouldBe(3);
        outcome.Error.ShouldContain("Node.js 20 or later is needed, found v18.20.0");
    }

    [Fact]
    public async Task Up_NoNode_SaysWhereToGetIt()
    {
        File.Delete(folder["bin/node"]);
        var outcome =
            await R1Async(
                new() { ["PATH"] =
                    $"{folder["bin"]}:{await OnlyAsync("bash", "readlink", "dirname", "find", "mkdir", "cat", "touch", "mv")}" }, "up",
                "x.json");
        outcome.ExitCode.ShouldBe(3);
        outcome.Error.ShouldContain("Node.js 20 or later (with npm) is missing");
    }

    [Fact]
    public async Task Up_LockFileNewerThanModules_InstallsAzuriteOnce()
    {
        await R1Async([], "up", "x.json");
        Calls.ShouldContain(call => call.StartsWith("npm ci", StringComparison.Ordinal));
        await R1Async([], "up", "x.json");
        Calls.Count(call => call.StartsWith("npm", StringComparison.Ordinal)).ShouldBe(1);
    }

    /// <summary>As from an image or a shared disk: times say that there is something to build, and nothing may be written.</summary>
    [Fact]
    public async Task Up_ReadOnlyButBuilt_RunsWhatIsThere()
    {
        Assert.SkipUnless(Environment.UserName != "root" || File.Exists("/usr/bin/setpriv"),
            "Root may write anywhere, and setpriv is not there to be somebody else.");
        await R1Async([], "up", "x.json");
        folder.Write("repo/artifacts/bin/LocalHost/release/r1.dll", "");
        folder.Write("repo/eng/azurite/node_modules/.package-lock.json", "{}");
        folder.Write("repo/src/LocalHost/Newer.cs", "");
        File.SetLastWriteTimeUtc(folder["repo/eng/azurite/package-lock.json"], DateTime.UtcNow.AddMinutes(1));
        var calls = Calls.Length;
        var mode = await R1Process.RunToEndAsync("chmod", ["-R", "a+rX,a-w", folder["repo"]], folder.Root, []);
        mode.ExitCode.ShouldBe(0, mode.All);
        try
        {
            string[] command = Environment.UserName == "root"
                ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", folder["repo/r1"], "up", "x.json"]
                : [folder["repo/r1"], "up", "x.json"];
            if (Environment.UserName == "root") await R1Process.RunToEndAsync("chmod", ["-R", "a+rX", folder.Root], folder.Root, []);
            var outcome =
                await R1Process.RunToEndAsync(command[0], command[1..], folder.Root,
                    new() { ["PATH"] = $"{folder["bin"]}:{Environment.GetEnvironmentVariable("PATH")}" });
            outcome.ExitCode.ShouldBe(7, outcome.All);
            outcome.Error.ShouldContain("cannot be written: running what is built there");
            Calls.Length.ShouldBe(calls);
        }
        finally
        {
            await R1Process.RunToEndAsync("chmod", ["-R", "u+w", folder["repo"]], folder.Root, []);
        }
    }

    [Fact]
    public async Task Test_Suites_AreAddedUpToOneLine()
    {
        Suite("Good", succeeded: 5, failed: 0, skipped: 1, exitCode: 0);
        Suite("Empty", succeeded: 0, failed: 0, skipped: 0, exitCode: 8);
        var outcome = await R1Async([], "test");
        outcome.ExitCode.ShouldBe(0, outcome.All);
        outcome.Output.TrimEnd().Split('\n')[^1].ShouldBe("5 passed, 0 failed, 1 skipped");
        Calls.ShouldContain(call => call.Contains("Cloud.sln", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Test_FailureAndCrash_AreCountedAndShown()
    {
        Suite("Bad", succeeded: 5, failed: 2, skipped: 0, exitCode: 2);
        folder.Script("repo/artifacts/bin/Crash.Tests/release/R1Cloud.Crash.Tests", "echo 'Segmentation fault'; exit 139");
        var outcome = await R1Async([], "test");
        outcome.ExitCode.ShouldBe(1);
        outcome.Output.ShouldContain("failed Bad.Test");
        outcome.Output.ShouldContain("Segmentation fault");
        outcome.Output.ShouldContain("R1Cloud.Crash.Tests ended with exit code 139");
        outcome.Output.TrimEnd().Split('\n')[^1].ShouldBe("5 passed, 3 failed, 0 skipped");
    }

    [Fact]
    public async Task Test_Filter_IsHandedToTheSuites()
    {
        folder.Script("repo/artifacts/bin/A.Tests/release/R1Cloud.A.Tests",
            $"echo \"$*\" > '{folder["arguments"]}'; printf '  total: 1\\n  failed: 0\\n  succeeded: 1\\n  skipped: 0\\n'");
        (await R1Async([], "test", "Spark")).ExitCode.ShouldBe(0);
        File.ReadAllText(folder["arguments"]).ShouldContain("--filter-method *Spark*");
    }

    [Fact]
    public async Task Test_SuiteThatStalls_IsKilledWithItsChildrenAndNamesTheTest()
    {
        Stalled("echo \"[Long Running Test] 'A.Was.Slow', Elapsed: 00:01:00\"; echo \"[Long Running Test] 'A.Is.Stuck', Elapsed: "
            + "00:02:00\"");
        Suite("Good", succeeded: 5, failed: 0, skipped: 0, exitCode: 0);
        var outcome = await R1Async(new() { ["R1_TEST_LIMIT"] = "2" }, "test");
        outcome.ExitCode.ShouldBe(1, outcome.All);
        outcome.Output.ShouldContain("R1Cloud.A.Tests was killed: it had not ended after 2 s");
        outcome.Output.ShouldContain("A.Is.Stuck");
        outcome.Output.TrimEnd().Split('\n')[^1].ShouldBe("5 passed, 1 failed, 0 skipped", "the others run on");
        await StalledIsGoneAsync();
    }

    [Fact]
    public async Task Test_ScriptThatIsKilled_TakesTheSuiteWithIt()
    {
        using var script = await StalledScriptAsync();
        script.Kill();
        await StalledIsGoneAsync();
    }

    /// <summary>Two that wait for each other, and only end together.</summary>
    [Theory]
    [InlineData(null, 0, "2 passed, 0 failed, 0 skipped")]
    [InlineData("1", 1, "1 passed, 1 failed, 0 skipped")]
    public async Task Test_TwoSuites_RunSideBySideUnlessOneIsAskedFor(string? suites, int exitCode, string last)
    {
        foreach (var (mine, other) in new[] { ("A", "B"), ("B", "A") })
        {
            folder.Script($"repo/artifacts/bin/{mine}.Tests/release/R1Cloud.{mine}.Tests",
                $"touch '{folder[mine]}'\nuntil [ -e '{folder[other]}' ]; do sleep 0.1; done\n"
                + "printf '  failed: 0\\n  succeeded: 1\\n  skipped: 0\\n'");
        }
        var outcome = await R1Async(new() { ["R1_TEST_SUITES"] = suites, ["R1_TEST_LIMIT"] = suites is null ? null : "2" }, "test");
        outcome.ExitCode.ShouldBe(exitCode, outcome.All);
        outcome.Output.TrimEnd().Split('\n')[^1].ShouldBe(last);
    }

    [Fact]
    public async Task Test_Interrupted_TakesTheSuiteWithIt()
    {
        using var script = await StalledScriptAsync();
        (await R1Process.RunToEndAsync("kill", ["-TERM", $"{script.Id}"], folder.Root, [])).ExitCode.ShouldBe(0);
        await script.WaitForExitAsync();
        script.ExitCode.ShouldBe(130);
        await StalledIsGoneAsync();
    }

    // The tests' script in the middle of a suite that does not end.
    private async Task<System.Diagnostics.Process> StalledScriptAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux only.");
        Stalled("");
        var script = R1Process.Start(folder["repo/r1"], ["test"], folder.Root,
            new() { ["PATH"] = $"{folder["bin"]}:{Environment.GetEnvironmentVariable("PATH")}" });
        await Eventually.BeTrueAsync(() => File.Exists(folder["stalled"]) && File.ReadAllLines(folder["stalled"]).Length == 2,
            "the suite runs");
        return script;
    }

    private async Task StalledIsGoneAsync()
    {
        foreach (var pid in File.ReadAllLines(folder["stalled"]))
            await Eventually.BeTrueAsync(() => !Directory.Exists($"/proc/{pid}"), $"process {pid} is gone");
    }

    // A suite that does not end, deaf to signals, nor does what it started; their ids are in a file.
    private void Stalled(string first) =>
        folder.Script("repo/artifacts/bin/A.Tests/release/R1Cloud.A.Tests",
            $"trap '' TERM INT\n{first}\nsleep 3600 &\nprintf '%s\\n' $$ $! > '{folder["stalled"]}'\nwait");

    [Fact]
    public async Task Test_NothingRan_IsAFailure() => (await R1Async([], "test")).ExitCode.ShouldBe(1);

    private void Suite(string name, int succeeded, int failed, int skipped, int exitCode) =>
        folder.Script($"repo/artifacts/bin/{name}.Tests/release/R1Cloud.{name}.Tests", $"""
            {(failed > 0 ? $"echo 'failed {name}.Test (1ms)'" : "")}
            printf 'Test run summary\n  total: {succeeded + failed + skipped}\n  failed: {failed}\n  succeeded: {succeeded}\n  skipped: {skipped}\n  duration: 1s\n'
            exit {exitCode}
            """);

    // A folder of links to just these programs.
    private async Task<string> OnlyAsync(params string[] programs)
    {
        Directory.CreateDirectory(folder["only"]);
        foreach (var program in programs)
        {
            var found = await R1Process.RunToEndAsync("bash", ["-c", $"command -v {program}"], folder.Root, []);
            File.CreateSymbolicLink(Path.Combine(folder["only"], program), found.Output.Trim());
        }
        File.CreateSymbolicLink(Path.Combine(folder["only"], "env"), "/usr/bin/env");
        return folder["only"];
    }

    private Task<ProcessOutcome> R1Async(Dictionary<string, string?> environment, params string[] arguments)
    {
        environment.TryAdd("PATH", $"{folder["bin"]}:{Environment.GetEnvironmentVariable("PATH")}");
        return R1Process.RunToEndAsync(folder["repo/r1"], arguments, folder.Root, environment);
    }
}

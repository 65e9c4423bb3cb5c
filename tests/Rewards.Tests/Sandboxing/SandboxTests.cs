using System.Globalization;
using R1Cloud.Rewards.Sandboxing;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Verification;

namespace R1Cloud.Rewards.Tests.Sandboxing;

public sealed class SandboxTests(CodeSandbox shared) : IClassFixture<CodeSandbox>
{
    private static readonly string Left = $"left-{Guid.NewGuid():n}-"; // the real /tmp belongs to others too

    // Fails in a way that leaves as much as possible behind: daemons, full disks, locked folders.
    private static readonly string Messy = $$"""
        import os, time
        for i in range(10):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    open(f'/tmp/{{Left}}{os.getpid()}', 'w').write('x' * 100000)
                    os.mkdir(f'/tmp/d{os.getpid()}', 0)
                    time.sleep(1000)
                os._exit(0)
        time.sleep(1000)
        """;

    [Fact]
    public void Dispose_RunnerWithDaemons_EndsThemAll()
    {
        using var runner = shared.Pool("python").Take();
        runner.Send(new { role = "cases", code = Messy, inputs = new[] { "" }, seconds = 60, totalSeconds = 60, outputBytes = 1000 },
            Deadline.In(5)).ShouldBeTrue();
        Eventually(() => Descendants(runner.ProcessId).Count >= 12);
        var all = Descendants(runner.ProcessId);
        runner.GroupFolders.ShouldAllBe(folder => Directory.Exists(folder));

        runner.Dispose();

        all.Where(IsAlive).ShouldBeEmpty();
        Directory.EnumerateFileSystemEntries("/tmp", Left + "*").ShouldBeEmpty();
        File.ReadAllText("/proc/mounts").ShouldNotContain("sandbox /mnt");
        runner.GroupFolders.Where(Directory.Exists).ShouldBeEmpty();
    }

    [Fact]
    public void Take_ManyAtOnce_EachIsFresh()
    {
        var pool = shared.Pool("python");
        var runners = Enumerable.Range(0, 8).AsParallel().WithDegreeOfParallelism(4).Select(_ => pool.Take()).ToList();
        var ids = runners.Select(runner => runner.ProcessId).ToList();
        try
        {
            ids.Distinct().Count().ShouldBe(8);
        }
        finally
        {
            runners.ForEach(runner => runner.Dispose());
        }
        ids.Where(IsAlive).ShouldBeEmpty();
    }

    [Fact]
    public async Task Sandbox_ProcessThatStartedItIsKilled_DiesToo()
    {
        _ = shared.Pool("python");
        await using var pool = new VerifierPool(
            VerificationOptions.Default with { Command = ["dotnet", Path.Combine(AppContext.BaseDirectory, "R1Cloud.VerifierHost.dll")],
                Workers = 1 });
        var verifier = (int)(await pool.ScoreAsync(new VerificationRequest("pid", new Completion("", "", true)))).Score;
        var sandbox = (int)(await pool.ScoreAsync(new VerificationRequest("children", new Completion("", "", true)))).Score;
        var inside = Descendants(sandbox);
        Eventually(() => (inside = Descendants(sandbox)).Count > 2); // on a busy machine it is still starting

        System.Diagnostics.Process.GetProcessById(verifier).Kill(); // it alone, not its tree

        Eventually(() => !inside.Any(IsRunning));
    }

    /// <summary>
    /// An interpreter in a folder with other things (~/.local, /opt): programs see it and its libraries, and nothing beside them.
    /// </summary>
    [Fact]
    public void Roots_OfAnInterpreterInACommonFolder_AreItselfAndItsLibraries()
    {
        using var home = new R1Cloud.Testing.TempFolder();
        foreach (var file in new[] { "bin/python3.12", "bin/my-secret-tool", "lib/python3.12/os.py", "share/keyrings/login.keyring" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(home[file])!);
            File.WriteAllText(home[file], "x");
        }
        Interpreter.Outside(home["bin/python3.12"], home.Path, home.Path).ShouldBe([home["bin/python3.12"], home["lib"]]);
        Interpreter.Outside("/usr/bin/python3.12", "/usr", "/usr").ShouldBeEmpty();
        Interpreter.Outside("/opt/python", "/opt").ShouldNotContain("/opt");
        Interpreter.Outside("/bin/python3", "/").ShouldBe(["/bin/python3"]);
    }

    [Theory]
    [InlineData("python")]
    [InlineData("javascript")]
    public void Program_SeesNothingOfAFolderBesideItsInterpreter(string language)
    {
        _ = shared.Pool(language);
        foreach (var root in Interpreter.Find(language).Roots)
            (Path.GetFileName(root) is "lib" or "lib64" or "pyvenv.cfg" || root == Interpreter.Find(language).Executable)
                .ShouldBeTrue(root);
    }

    [Fact]
    public void Program_MakesPairsOfUnixSocketsAlone()
    {
        const string code = """
            import socket
            socket.socketpair(socket.AF_UNIX)[0].close()
            try:
                socket.socketpair(socket.AF_INET)
                print('made')
            except PermissionError:
                print('refused')
            """;
        shared.Judge("python", code, new[] { new { input = "", output = "refused\n" } }).Passed.ShouldBe(1);
    }

    [Fact]
    public void Find_UnknownLanguage_NamesTheKnown() =>
        Should.Throw<SandboxUnavailableException>(() => Interpreter.Find("cobol")).Message.ShouldContain("python, javascript");

    [Fact]
    public void Sandbox_ToolMissing_SaysWhichPackage()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux only.");
        var python = new Interpreter("python", "/usr/bin/python3", [], [], ReservesAddresses: false);
        Should.Throw<SandboxUnavailableException>(() => new Sandbox(python, SandboxLimits.Default, searchPath: "/nowhere"))
            .Message.ShouldContain("apt-get install bubblewrap");
    }

    [Fact]
    public void Start_InterpreterMissing_TellsItsLastWords()
    {
        _ = shared.Pool("python");
        var pool = new RunnerPool(
            new Sandbox(new Interpreter("python", "/usr/bin/no-such-python", [], [], ReservesAddresses: false), SandboxLimits.Default),
            size: 0);
        Should.Throw<SandboxUnavailableException>(() => pool.Take()).Message.ShouldContain("no-such-python");
    }

    private static void Eventually(Func<bool> condition)
    {
        for (var i = 0; i < 90_000 && !condition(); i++) Thread.Sleep(20);
        condition().ShouldBeTrue();
    }

    private static bool IsAlive(int id) => Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}"));

    // A dead process whose parent has not asked for it yet is gone for all purposes.
    private static bool IsRunning(int id)
    {
        try
        {
            return !File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"))
                .Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static List<int> Descendants(int root)
    {
        var found = new List<int>();
        var next = new Stack<int>([root]);
        while (next.TryPop(out var id))
        {
            found.Add(id);
            try
            {
                foreach (var child in File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/task/{id}/children"))
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries)) next.Push(int.Parse(child, CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // gone meanwhile
            }
        }
        return found;
    }
}

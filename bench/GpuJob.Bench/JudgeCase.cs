using System.Diagnostics;
using R1Cloud.Rewards.Code;
using R1Cloud.Rewards.Sandboxing;

namespace R1Cloud.GpuJob.Bench;

/// <summary>
/// Judging code: milliseconds of a program by warm runners, against the baseline of starting a sandbox and an interpreter for each; and of
/// one more test case of a program.
/// </summary>
internal static class JudgeCase
{
    private const string Add = "print(sum(map(int, input().split())))";

    public static object Run(string language, string program = Add)
    {
        var sandbox = new Sandbox(Interpreter.Find(language), SandboxLimits.Default with { MemoryBytes = 1L << 30, Processes = 64 });
        using var cold = new RunnerPool(sandbox, size: 0);
        using var warm = new RunnerPool(sandbox, size: 4);
        var (one, many) = (Tests(1), Tests(32));
        var assertions = new CodeTests([], language == "python" ? ["assert f(1, 2) == 3"] : ["assert.equal(f(1, 2), 3)"], null, null);
        var function = language == "python" ? "def f(a, b): return a + b" : "const f = (a, b) => a + b;";

        Judge(warm, program, many);
        var coldOne = Milliseconds(10, () => Judge(cold, program, one), pause: 0);
        // as while generation is the bottleneck: the pool has refilled
        var warmOne = Milliseconds(10, () => Judge(warm, program, one), pause: 150);
        var warmMany = Milliseconds(5, () => Judge(warm, program, many), pause: 150);
        var assertion = Milliseconds(10, () => Judge(warm, function, assertions), pause: 250);
        var watch = Stopwatch.StartNew();
        Parallel.For(0, 40, new ParallelOptions { MaxDegreeOfParallelism = 2 }, _ => Judge(warm, program, one));
        return new
        {
            coldMilliseconds = Math.Round(coldOne, 1),
            warmMilliseconds = Math.Round(warmOne, 1),
            perCaseMilliseconds = Math.Round((warmMany - warmOne) / 31, 2),
            assertionsWarmMilliseconds = Math.Round(assertion, 1),
            programsPerSecond = Math.Round(40 / watch.Elapsed.TotalSeconds, 1),
        };
    }

    private static CodeTests Tests(int count) =>
        new([.. Enumerable.Range(0, count).Select(i => new CodeCase($"{i} 1\n", $"{i + 1}\n"))], [], null, null);

    private static void Judge(RunnerPool pool, string program, CodeTests tests)
    {
        var verdict = new CodeJudge(pool).Judge(program, tests, all: false);
        if (verdict.Passed != verdict.Total) throw new InvalidOperationException(verdict.Reason);
    }

    private static double Milliseconds(int times, Action action, int pause)
    {
        var all = new List<double>();
        for (var i = 0; i < times; i++)
        {
            Thread.Sleep(pause);
            var watch = Stopwatch.StartNew();
            action();
            all.Add(watch.Elapsed.TotalMilliseconds);
        }
        all.Sort();
        return all[all.Count / 2];
    }
}

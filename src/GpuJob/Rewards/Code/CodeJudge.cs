using System.Text;
using System.Text.Json;
using R1Cloud.GpuJob.Rewards.Code.Sandboxing;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Rewards.Code;

/// <summary>How many tests a program passed.</summary>
/// <param name="Passed">Tests passed.</param>
/// <param name="Total">Tests there are.</param>
/// <param name="Reason">What went wrong first; empty when nothing did.</param>
internal readonly record struct CodeVerdict(int Passed, int Total, string Reason);

/// <summary>
/// Judges programs in sandboxes. What a program writes is compared out here; assertions run in a second sandbox, to which the program's gives
/// nothing but values. Either way no program meets the expected answers or the code that compares.
/// </summary>
/// <param name="pool">Runners of the program's language.</param>
internal sealed class CodeJudge(RunnerPool pool)
{
    private const double Grace = 1; // seconds for a runner to tell of a time limit by itself

    /// <summary>Judges a program.</summary>
    /// <param name="code">The program.</param>
    /// <param name="tests">Its tests.</param>
    /// <param name="all">Whether to go on after the first failure.</param>
    /// <exception cref="SandboxException">No verdict: the sandbox failed.</exception>
    /// <exception cref="BadInputException">No verdict: the tests are broken.</exception>
    public CodeVerdict Judge(string code, CodeTests tests, bool all) =>
        tests.Cases.Count > 0 ? RunCases(code, tests.Cases, all) : RunAssertions(code, tests);

    private CodeVerdict RunCases(string code, IReadOnlyList<CodeCase> cases, bool all)
    {
        var limits = pool.Limits;
        using var lease = new Lease(pool);
        var runner = lease.Runner;
        var end = Deadline.In(limits.TotalSeconds + Grace);
        if (!runner.Send(new { role = "cases", code, inputs = cases.Select(item => item.Input), seconds = limits.WallSeconds, totalSeconds = limits.TotalSeconds, limits.OutputBytes }, end))
            throw new SandboxException("The sandbox does not take the program.");

        var (passed, reason) = (0, "");
        for (var index = 0; index < cases.Count; index++)
        {
            var status = runner.Receive(Deadline.Earlier(end, Deadline.In(limits.WallSeconds + Grace)), out var line);
            var failure = status == ReceiveStatus.Line ? Failure(line, cases[index]) : Broken(status);
            if (failure is null) passed++;
            else if (reason.Length == 0) reason = $"case {index + 1}: {failure}";
            if (status != ReceiveStatus.Line || (failure is not null && !all)) break;
        }
        return new(passed, cases.Count, reason);
    }

    // The line comes from inside the sandbox: it may be anything.
    private string? Failure(ReadOnlySpan<byte> line, CodeCase expected)
    {
        CaseResult result;
        string output;
        try
        {
            result = JsonSerializer.Deserialize<CaseResult>(line, JsonSerializerOptions.Web) ?? throw new JsonException("null");
            output = Encoding.UTF8.GetString(Convert.FromBase64String(result.Output ?? ""));
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return "a result that is none";
        }

        if (result.Timeout) return $"over the time limit of {pool.Limits.WallSeconds} s";
        if (result.Flood) return $"over the output limit of {pool.Limits.OutputBytes} bytes";
        if (result.Exit < 0) return $"ended by signal {-result.Exit}";
        if (result.Exit > 0) return $"exit code {result.Exit}: {LastLine(result.Error)}";
        return OutputComparison.Agree(output, expected.Output) ? null : $"wrote {Short(output)} in place of {Short(expected.Output)}";
    }

    private CodeVerdict RunAssertions(string code, CodeTests tests)
    {
        var limits = pool.Limits;
        var total = tests.Assertions.Count;
        using var moduleLease = new Lease(pool);
        using var judgeLease = new Lease(pool);
        var (module, judge) = (moduleLease.Runner, judgeLease.Runner);
        var end = Deadline.In(limits.TotalSeconds);
        var loaded = Deadline.Earlier(end, Deadline.In(limits.WallSeconds));
        if (!module.Send(new { role = "module", code }, loaded)) throw new SandboxException("The sandbox does not take the program.");
        var status = module.Receive(loaded, out var line);
        if (status != ReceiveStatus.Line) return new(0, total, "loading the program: " + Broken(status));
        string names;
        try
        {
            var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = 512 });
            var reply = JsonElement.ParseValue(ref reader);
            if (reply.TryGetProperty("failed", out var failed)) return new(0, total, "loading the program: " + Short(failed.ToString()));
            names = reply.GetProperty("names").GetRawText(); // for the judge to parse: nobody here looks into it
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return new(0, total, "loading the program: a result that is none");
        }

        if (!judge.Send(new { role = "judge", tests = tests.Assertions, setup = tests.Setup, entryPoint = tests.EntryPoint, names }, end)) throw new SandboxException("The sandbox does not take the tests.");
        return Relay(judge, module, total, end);
    }

    // A judge's line begins with C, a message for the module, which answers with one line, or with V, the verdict.
    private CodeVerdict Relay(Runner judge, Runner module, int total, Deadline end)
    {
        while (true)
        {
            var status = judge.Receive(end, out var line);
            if (status == ReceiveStatus.Late) return new(0, total, $"over the time limit of {pool.Limits.TotalSeconds} s for all tests");
            if (status == ReceiveStatus.TooLong) return new(0, total, "the tests handle values that are too large");
            if (status != ReceiveStatus.Line || line.Length == 0) throw new SandboxException($"The tests' own sandbox ended before their verdict.");
            if (line[0] == (byte)'V') return Verdict(line[1..], total);

            var deadline = Deadline.Earlier(end, Deadline.In(pool.Limits.WallSeconds));
            status = module.SendLine(line[1..], deadline) ? module.Receive(deadline, out line) : ReceiveStatus.Ended;
            if (status != ReceiveStatus.Line) return new(0, total, Broken(status));
            if (!judge.SendLine(line, end)) throw new SandboxException("The tests' own sandbox does not read.");
        }
    }

    private static CodeVerdict Verdict(ReadOnlySpan<byte> line, int total)
    {
        var verdict = JsonSerializer.Deserialize<JudgeVerdict>(line, JsonSerializerOptions.Web)!;
        if (verdict.Broken is { } broken) throw new BadInputException($"accuracy/code: {broken}.");
        var results = verdict.Results ?? [];
        if (results.Count != total) throw new SandboxException($"The judge told of {results.Count} tests in place of {total}.");
        return new(results.Count(result => result.Passed), total, results.FirstOrDefault(result => !result.Passed)?.Reason ?? "");
    }

    private string Broken(ReceiveStatus status) => status switch
    {
        ReceiveStatus.Late => $"over the time limit of {pool.Limits.WallSeconds} s",
        ReceiveStatus.TooLong => $"a result over {pool.Limits.MessageBytes} bytes",
        _ => "the program ended its process",
    };

    private static string LastLine(string? text) => Short((text ?? "").Trim().Split('\n')[^1]);

    private static string Short(string text)
    {
        text = text.Trim();
        return text.Length <= 120 ? $"'{text}'" : $"'{text[..119]}…'";
    }

    private readonly struct Lease(RunnerPool pool) : IDisposable
    {
        public Runner Runner { get; } = pool.Take();

        public void Dispose() => RunnerPool.Discard(Runner);
    }

    private sealed record CaseResult(int Exit, string? Output, string? Error, bool Timeout, bool Flood);

    private sealed record JudgeVerdict(string? Broken, IReadOnlyList<JudgeResult>? Results);

    private sealed record JudgeResult(bool Passed, string Reason);
}

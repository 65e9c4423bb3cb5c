using System.Text;
using System.Text.Json;
using R1Cloud.Rewards.Sandboxing;
using R1Cloud.Shared;

namespace R1Cloud.Rewards.Code;

/// <summary>How many tests a program passed.</summary>
/// <param name="Passed">Tests passed.</param>
/// <param name="Total">Tests there are.</param>
/// <param name="Reason">What went wrong first; empty when nothing did.</param>
internal readonly record struct CodeVerdict(int Passed, int Total, string Reason);

/// <summary>
/// Judges programs in sandboxes. What a program writes is compared out here; assertions run in a second sandbox, to which the program's
/// gives nothing but values. Either way no program meets the expected answers or the code that compares.
/// </summary>
/// <param name="pool">Runners of the program's language.</param>
internal sealed class CodeJudge(RunnerPool pool)
{
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
        var (passed, reason, spent) = (0, "", 0.0);
        for (var next = 0; next < cases.Count;)
        {
            // A case that runs out of time is ended with its sandbox; those after it get a new one.
            using var lease = new Lease(pool);
            var runner = lease.Runner;
            var guard = limits.Guard(limits.TotalSeconds);
            if (!runner.Send(new { role = "cases", code, inputs = cases.Skip(next).Select(item => item.Input), seconds = guard,
                totalSeconds = guard, limits.OutputBytes }, Deadline.In(guard)))
                throw new SandboxException("The sandbox does not take the program.");
            var status = ReceiveStatus.Line;
            while (next < cases.Count && status == ReceiveStatus.Line)
            {
                var watch = new ProcessorWatch(runner.ProcessId);
                status = runner.Receive(watch, Math.Min(limits.Seconds, limits.TotalSeconds - spent), out var line);
                spent += watch.Update();
                var failure = status == ReceiveStatus.Line ? Failure(line, cases[next]) : spent >= limits.TotalSeconds ? TotalLimit
                    : Broken(status);
                next++;
                if (failure is null) passed++;
                else if (reason.Length == 0) reason = $"case {next}: {failure}";
                if (failure is not null && !all || spent >= limits.TotalSeconds
                    && next < cases.Count) return new(passed, cases.Count, reason.Length > 0 ? reason : TotalLimit);
            }
        }
        return new(passed, cases.Count, reason);
    }

    private string TotalLimit => $"over the time limit of {pool.Limits.TotalSeconds} s for all tests";

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

        if (result.Timeout) throw new SandboxException("The machine is too busy: a case took many times its limit.");
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
        var guard = limits.Guard(limits.TotalSeconds);
        var end = Deadline.In(guard);
        if (!module.Send(new { role = "module", code }, end)) throw new SandboxException("The sandbox does not take the program.");
        var status = module.Receive(new ProcessorWatch(module.ProcessId), Math.Min(limits.Seconds, limits.TotalSeconds), out var line);
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

        if (!judge.Send(new { role = "judge", tests = tests.Assertions, setup = tests.Setup, entryPoint = tests.EntryPoint, names }, end))
            throw new SandboxException("The sandbox does not take the tests.");
        return Relay(judge, module, total, end);
    }

    // A judge's line begins with C, a message for the module, which answers with one line, or with V, the verdict.
    private CodeVerdict Relay(Runner judge, Runner module, int total, Deadline end)
    {
        var whole = new ProcessorWatch(judge.ProcessId, module.ProcessId);
        while (true)
        {
            var status = judge.Receive(whole, pool.Limits.TotalSeconds, out var line);
            if (status == ReceiveStatus.Late) return new(0, total, TotalLimit);
            if (status == ReceiveStatus.TooLong) return new(0, total, "the tests handle values that are too large");
            if (status != ReceiveStatus.Line || line.Length == 0)
                throw new SandboxException($"The tests' own sandbox ended before their verdict.");
            if (line[0] == (byte)'V') return Verdict(line[1..], total);

            if (!module.SendLine(line[1..], end)) return new(0, total, Broken(ReceiveStatus.Ended));
            status = module.Receive(new ProcessorWatch(module.ProcessId), pool.Limits.Seconds, out line);
            if (status != ReceiveStatus.Line) return new(0, total, Broken(status));
            if (!judge.SendLine(line, end)) throw new SandboxException("The tests' own sandbox does not read.");
            if (whole.Elapsed > pool.Limits.TotalSeconds && whole.Update() > pool.Limits.TotalSeconds) return new(0, total, TotalLimit);
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
        ReceiveStatus.Late => $"over the time limit of {pool.Limits.Seconds} s",
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

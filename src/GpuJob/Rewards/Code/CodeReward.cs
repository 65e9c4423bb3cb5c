using R1Cloud.GpuJob.Rewards.Code.Sandboxing;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Rewards.Code;

/// <summary>How programs are judged.</summary>
internal sealed record CodeRewardOptions
{
    /// <summary>The language of the answers: <c>python</c> or <c>javascript</c>; a row's column <c>language</c> goes before it.</summary>
    public string Language { get; init; } = "python";

    /// <summary>Whether the score is the share of tests passed; else it is 1 when all pass and 0 otherwise.</summary>
    public bool Partial { get; init; }

    /// <summary>Wall-clock seconds of one case or call.</summary>
    public double Seconds { get; init; } = SandboxLimits.Default.WallSeconds;

    /// <summary>Wall-clock seconds of all tests of one program.</summary>
    public double TotalSeconds { get; init; } = SandboxLimits.Default.TotalSeconds;

    /// <summary>Memory of a program, in MiB.</summary>
    public int MemoryMegabytes { get; init; } = (int)(SandboxLimits.Default.MemoryBytes >> 20);

    /// <summary>Interpreters kept started and waiting.</summary>
    public int Warm { get; init; } = 4;

    /// <summary>Run programs without a sandbox, open to everything that this user may do. For machines that are themselves thrown away.</summary>
    public bool Unsandboxed { get; init; }
}

/// <summary><c>accuracy/code</c>: runs a completion's program against the tests of its row.</summary>
internal sealed class CodeReward(CodeRewardOptions options) : IDisposable
{
    private static readonly Lazy<CodeReward> Shared = new(() =>
    {
        var reward = new CodeReward(new CodeRewardOptions());
        AppDomain.CurrentDomain.ProcessExit += (_, _) => reward.Dispose();
        return reward;
    });

    private readonly Dictionary<string, RunnerPool> pools = [];
    private readonly Lock gate = new();

    /// <summary>The reward with its default options.</summary>
    public static Reward ScoreDefault(Completion completion) => Shared.Value.Score(completion);

    /// <summary>1 when all tests pass, else 0 or the share that pass; unparsable without a program.</summary>
    /// <exception cref="BadInputException">The row has no tests, or they are broken.</exception>
    /// <exception cref="SandboxException">There is no verdict: the sandbox is missing or failed.</exception>
    public Reward Score(Completion completion)
    {
        var tests = CodeTests.Parse(completion.Fields);
        var language = completion.Fields.TryGetValue("language", out var field) && field.GetString() is { Length: > 0 } named ? named.ToLowerInvariant() : options.Language;
        if (!Interpreter.Languages.Contains(language)) throw new BadInputException($"accuracy/code: the language '{language}' is unknown. Known: {string.Join(", ", Interpreter.Languages)}.");
        if (CodeBlock.Extract(completion.Text, language) is not { } code)
            return new(0, completion.Finished ? $"no {language} code" : "cut off at the length limit", RewardOutcome.Unparsable);

        var verdict = new CodeJudge(Pool(language)).Judge(code, tests, options.Partial);
        var passed = $"{verdict.Passed} of {verdict.Total} tests";
        return verdict.Passed == verdict.Total
            ? new(1, passed)
            : new(options.Partial ? (double)verdict.Passed / verdict.Total : 0, $"{passed}; {verdict.Reason}");
    }

    /// <summary>Starts the language's runners, so that what is missing is told before anything is scored.</summary>
    /// <exception cref="SandboxException">Something is missing; the message says how to get it.</exception>
    public void Prepare() => Pool(options.Language).Take().Dispose();

    /// <summary>Ends the runners.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            foreach (var pool in pools.Values) pool.Dispose();
            pools.Clear();
        }
    }

    private RunnerPool Pool(string language)
    {
        lock (gate)
        {
            if (pools.TryGetValue(language, out var pool)) return pool;
            var limits = SandboxLimits.Default with { WallSeconds = options.Seconds, TotalSeconds = options.TotalSeconds, MemoryBytes = (long)options.MemoryMegabytes << 20 };
            return pools[language] = new RunnerPool(new Sandbox(Interpreter.Find(language), limits, options.Unsandboxed), options.Warm);
        }
    }
}

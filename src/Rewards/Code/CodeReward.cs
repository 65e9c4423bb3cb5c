using System.Collections.Concurrent;
using R1Cloud.Rewards.Sandboxing;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Code;

/// <summary><c>accuracy/code</c>: runs a completion's program against the tests of its row.</summary>
/// <param name="options">What the recipe says.</param>
/// <param name="unsandboxed">Whether programs run without a sandbox: no recipe says so, see <see cref="SandboxPermission"/>.</param>
internal sealed class CodeReward(CodeOptions options, bool unsandboxed = false) : IDisposable
{
    private static readonly ConcurrentDictionary<CodeOptions, Lazy<CodeReward>> Shared = new();

    private readonly Dictionary<string, RunnerPool> pools = [];
    private readonly Lock gate = new();

    /// <summary>
    /// The reward as a function, which shares its runners with all of the same options in this process; they start with its first call.
    /// </summary>
    /// <exception cref="BadInputException">The language is unknown.</exception>
    public static RewardFunction Function(CodeOptions options)
    {
        CheckLanguage(options.Language);
        return completion => Shared.GetOrAdd(options, _ => new(Create)).Value.Score(completion);

        CodeReward Create()
        {
            var reward = new CodeReward(options, SandboxPermission.IsUnsandboxed);
            AppDomain.CurrentDomain.ProcessExit += (_, _) => reward.Dispose();
            return reward;
        }
    }

    /// <summary>1 when all tests pass, else 0 or the share that pass; unparsable without a program.</summary>
    /// <exception cref="BadInputException">The row has no tests, or they are broken.</exception>
    /// <exception cref="SandboxException">There is no verdict: the sandbox is missing or failed.</exception>
    public Reward Score(Completion completion)
    {
        var tests = CodeTests.Parse(completion.Fields);
        var language = completion.Fields.TryGetValue("language", out var field) && field.GetString() is { Length: > 0 } named
            ? named.ToLowerInvariant() : options.Language;
        CheckLanguage(language);
        if (CodeBlock.Extract(completion.Text, language, tests.CalledNames, completion.Finished) is not { } code)
            return new(0, completion.Finished ? $"no {language} code" : "cut off at the length limit", RewardOutcome.Unparsable);

        var verdict = new CodeJudge(Pool(language)).Judge(code, tests, options.Partial);
        var passed = $"{verdict.Passed} of {verdict.Total} tests";
        return verdict.Passed == verdict.Total
            ? new(1, passed)
            : new(options.Partial ? (double)verdict.Passed / verdict.Total : 0, $"{passed}; {verdict.Reason}");
    }

    /// <summary>Starts the language's runners, so that what is missing is reported before anything is scored.</summary>
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

    private static void CheckLanguage(string language)
    {
        if (!Interpreter.Languages.Contains(language))
            throw new BadInputException(
                $"accuracy/code: the language '{language}' is unknown. Known: {string.Join(", ", Interpreter.Languages)}.");
    }

    private RunnerPool Pool(string language)
    {
        lock (gate)
        {
            if (pools.TryGetValue(language, out var pool)) return pool;
            var limits = SandboxLimits.Default with
            {
                Seconds = options.Seconds,
                TotalSeconds = options.TotalSeconds,
                CpuSeconds = (int)Math.Ceiling(Math.Max(options.Seconds, options.TotalSeconds)) + 2,
                MemoryBytes = (long)options.MemoryMegabytes << 20,
            };
            return pools[language] = new RunnerPool(new Sandbox(Interpreter.Find(language), limits, unsandboxed), options.Warm);
        }
    }
}

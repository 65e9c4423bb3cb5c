using System.Text.Json;
using R1Cloud.Rewards.Code;
using R1Cloud.Rewards.Sandboxing;

namespace R1Cloud.Rewards.Tests.Sandboxing;

/// <summary>Judges code in real sandboxes; tests are skipped, with the reason, where none can be had.</summary>
public sealed class CodeSandbox : IDisposable
{
    private readonly Dictionary<string, (RunnerPool? Pool, string? Missing)> pools = [];

    internal static SandboxLimits Limits { get; } = new() { Seconds = 1.5, TotalSeconds = 6, CpuSeconds = 4, MemoryBytes = 256L << 20 };

    internal RunnerPool Pool(string language)
    {
        lock (pools)
        {
            if (!pools.TryGetValue(language, out var found))
            {
                try
                {
                    // More memory for JavaScript: V8 alone takes some 100 MiB.
                    var limits = language == "javascript" ? Limits with { MemoryBytes = 512L << 20, Processes = 64 } : Limits;
                    var pool = new RunnerPool(new Sandbox(Interpreter.Find(language), limits), size: 3);
                    pool.Take().Dispose();
                    found = (pool, null);
                }
                catch (SandboxException e)
                {
                    found = (null, e.Message);
                }
                pools.Add(language, found);
            }
            Assert.SkipWhen(found.Pool is null, found.Missing ?? "");
            return found.Pool!;
        }
    }

    internal CodeVerdict Judge(string language, string code, object tests, string? entryPoint = null, bool all = true, string? setup = null)
    {
        var fields = new Dictionary<string, JsonElement> { ["tests"] = JsonSerializer.SerializeToElement(tests) };
        if (entryPoint is not null) fields["entry_point"] = JsonSerializer.SerializeToElement(entryPoint);
        if (setup is not null) fields["test_setup_code"] = JsonSerializer.SerializeToElement(setup);
        return new CodeJudge(Pool(language)).Judge(code, CodeTests.Parse(fields), all);
    }

    public void Dispose()
    {
        foreach (var (pool, _) in pools.Values) pool?.Dispose();
    }
}

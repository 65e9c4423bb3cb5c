using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Testing;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>
/// <c>examples/smollm2-135m</c>: its rows, which are made here (with <c>R1_REGENERATE=1</c> in the environment they are written again), and
/// the published model itself where its file is beside the repository.
/// </summary>
public sealed class SmolExampleTests : IDisposable
{
    private const string Variable = "R1_TEST_SMOLLM";
    private const int HeldOut = 100, Worked = 64, Train = 1024;

    private readonly TestFolder folder = new();

    private static string Example { get; } = Path.Combine(Repository.Examples, "smollm2-135m");

    private static string Recipe { get; } = Path.Combine(Example, "recipe.json");

    // All pairs of two-digit numbers in an order that hashes decide, as does which of the two comes first.
    private static List<(int A, int B)> Sums { get; } = [.. Enumerable.Range(10, 90)
        .SelectMany(a => Enumerable.Range(a, 100 - a).Select(b => (A: a, B: b, Hash: HashOf($"{a}+{b}"))))
        .OrderBy(sum => sum.Hash, StringComparer.Ordinal)
        .Select(sum => int.Parse(sum.Hash[^1..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) % 2 == 1
            ? (sum.B, sum.A) : (sum.A, sum.B))];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Rows_OfTheExample_AreThoseThatHashesDraw()
    {
        Check("held-out", Sums.Take(HeldOut).Select(sum => Row(sum)));
        Check("worked", Sums.Skip(HeldOut).Take(Worked).Select(sum => Row(sum, $"\"completion\":\"{WorkOf(sum.A, sum.B)}\",")));
        Check("train", Sums.Skip(HeldOut + Worked).Take(Train).Select(sum => Row(sum)));
    }

    [Fact]
    public void Rows_OfTheExample_HaveNoPairTwiceInAnyOrder()
    {
        var asked = Directory.GetFiles(Path.Combine(Example, "data")).SelectMany(File.ReadLines)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("prompt").GetString()!.Split(' '))
            .Select(words => string.Join('+', new[] { words[2], words[4].TrimEnd('?') }.Order(StringComparer.Ordinal))).ToList();
        asked.Count.ShouldBe(HeldOut + Worked + Train);
        asked.Distinct(StringComparer.Ordinal).Count().ShouldBe(asked.Count);
    }

    [Fact]
    public async Task Example_OnTheModelsOwnFile_PassesCheckAndPlan()
    {
        string[] file = ["--set", "stages.base.path=" + Gguf()];
        var check = await R1Process.RunWithAsync(folder, Offline(), ["check", Recipe, .. file]);
        check.ExitCode.ShouldBe(ExitCode.Ok, check.All);
        var plan = await R1.RunWithAsync(folder, Offline(), ["plan", Recipe, "--json", .. file]);
        plan.ExitCode.ShouldBe(ExitCode.Ok, plan.All);
        JsonDocument.Parse(plan.Output).RootElement.GetProperty("noEstimate").GetArrayLength().ShouldBe(0);
    }

    /// <summary>The cold start as it is, and one iteration in small: minutes.</summary>
    [Fact]
    public async Task Example_OnTheModelsOwnFile_LearnsTheFormFromItsWorkedRows()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable(Variable) == "1", $"{Variable}=1 runs it: it takes minutes.");
        string[] settings = [$"stages.base.path={Gguf()}", "stages.rl.iterations=1", "stages.rl.questions=4", "stages.rl.groupSize=4",
            "stages.rl.evaluateEvery=0", "evaluation.problems=32"];
        var run = new MiniRun(folder, "data", [.. settings.SelectMany(each => (string[])["--set", each])])
        {
            File = Recipe, Variables = Offline(),
        };
        run.Start();
        (await run.EndAsync()).ShouldBe(0, run.Output + run.WorkerLogs());

        var report = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(run.Data, "runs", run.RunId, "report.json"),
            TestContext.Current.CancellationToken)).RootElement;
        Format("base").ShouldBe(0);
        Format("cold-start").ShouldBeGreaterThan(0.9);

        double Format(string name) => report.GetProperty("stages").EnumerateArray()
            .Single(stage => stage.GetProperty("name").GetString() == name).GetProperty("after").GetProperty("greedyFormat").GetDouble();
    }

    // Who has the file needs no Hub.
    private Dictionary<string, string?> Offline() => new() { ["HF_HUB_OFFLINE"] = "1", ["HF_HOME"] = folder["hf"] };

    private static string Gguf() => Fixtures.Shared("data/models/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf");

    private static string Row((int A, int B) sum, string more = "") => string.Create(CultureInfo.InvariantCulture,
        $"{{\"prompt\":\"What is {sum.A} + {sum.B}?\",{more}\"answer\":\"{sum.A + sum.B}\"}}\n");

    private static string WorkOf(int a, int b)
    {
        var (tens, ones) = ((a / 10 * 10) + (b / 10 * 10), (a % 10) + (b % 10));
        return string.Create(CultureInfo.InvariantCulture,
            $"<think>{a / 10 * 10} + {b / 10 * 10} = {tens}, {a % 10} + {b % 10} = {ones}, {tens} + {ones} = {a + b}</think>"
            + $"<answer>{a + b}</answer>");
    }

    private static void Check(string name, IEnumerable<string> rows)
    {
        var file = Path.Combine(Example, "data", name + ".jsonl");
        var made = string.Concat(rows);
        if (Environment.GetEnvironmentVariable("R1_REGENERATE") == "1") File.WriteAllText(file, made);
        File.ReadAllText(file).ShouldBe(made);
    }

    private static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

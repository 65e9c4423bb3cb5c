using R1Cloud.LocalHost.Tests.Hosting;
using R1Cloud.LocalHost.Torture;

namespace R1Cloud.LocalHost.Tests.Torture;

/// <summary>What two runs are compared by: everything but what is listed.</summary>
public sealed class RunContentsTests
{
    private const string Result = "runs/r/jobs/rl/000000/update/0/result.json", Metrics = "runs/r/metrics/rl.jsonl";

    private static Dictionary<string, string> Calm => new()
    {
        [Result] = """
            {"attempt":"1-worker-0-00000000","outputs":{"file":"rollouts/r/rl/0.1-worker-0-00000000.jsonl"},
             "metrics":{"loss":0.5},"timing":{"total":1}}
            """,
        ["rollouts/r/rl/0.1-worker-0-00000000.jsonl"] = "{\"reward\":1}\n",
        ["runs/r/checkpoints/rl/step-000001/manifest.json"] =
            """{"files":{"model.safetensors":{"path":"runs/r/checkpoints/rl/step-000001/1-worker-0-00000000/model.safetensors"}}}""",
        ["runs/r/checkpoints/rl/step-000001/1-worker-0-00000000/model.safetensors"] = "weights",
        [Metrics] = """
            {"step":1,"wallTime":"2026-01-01T00:00:00Z","values":{"loss":0.5,"time/step":1}}
            {"step":2,"wallTime":"2026-01-01T00:00:01Z","values":{"loss":0.25,"time/step":1}}
            """,
        ["runs/r/report/report.json"] = """
            {"startedAt":"2026-01-01T00:00:00Z","stages":[{"checkpoint":"runs/r/checkpoints/rl/step-000001/","time":{"wall":3}}]}
            """,
    };

    [Fact]
    public async Task Differences_TimesAttemptsWorkersAndWhatDidNotCommit_AreNone()
    {
        var rough = Calm.ToDictionary(file => file.Key.Replace("1-worker-0-00000000", "3-worker-1-abcdef01", StringComparison.Ordinal),
            file => file.Value.Replace("1-worker-0-00000000", "3-worker-1-abcdef01", StringComparison.Ordinal)
                .Replace("2026-01-01", "2027-02-02", StringComparison.Ordinal)
                .Replace("\"total\":1", "\"total\":9", StringComparison.Ordinal)
                .Replace("\"time/step\":1", "\"time/step\":7", StringComparison.Ordinal)
                .Replace("\"wall\":3", "\"wall\":4", StringComparison.Ordinal));
        rough["runs/r/jobs/rl/000000/update/0/attempts/1-worker-0-11111111/started.json"] = "{}";
        rough["rollouts/r/rl/0.1-worker-0-11111111.jsonl"] = "{\"reward\":";
        rough[Metrics] += "\n{\"step\":2,\"wallTime\":\"2028-01-01T00:00:01Z\",\"values\":{\"loss\":0.25,\"time/step\":3}}";

        var contents = await ReadAsync(rough);

        (await ReadAsync(Calm)).Differences(contents).ShouldBeEmpty();
        (contents.Twice, contents.Left).ShouldBe((1, 2));
    }

    public static TheoryData<string, string, string> Changes => new()
    {
        { "runs/r/checkpoints/rl/step-000001/1-worker-0-00000000/model.safetensors", "weights", "weightt" },
        { "rollouts/r/rl/0.1-worker-0-00000000.jsonl", "1", "0" },
        { Metrics, "0.25", "0.26" },
        { Metrics, "\"step\":2", "\"step\":3" },
        { Metrics, "\"loss\":0.25", "\"loss\":0.25,\"new\":1" },
        { Result, "\"loss\":0.5", "\"loss\":0.5000001" },
        { Result, "\"metrics\"", "\"aNewField\":1,\"metrics\"" },
        { "runs/r/report/report.json", "step-000001", "step-000002" },
    };

    [Theory, MemberData(nameof(Changes))]
    public async Task Differences_AnythingElse_IsOne(string path, string from, string to)
    {
        var rough = Calm;
        rough[path].ShouldContain(from);
        rough[path] = rough[path].Replace(from, to, StringComparison.Ordinal);
        (await ReadAsync(Calm)).Differences(await ReadAsync(rough)).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Differences_FileThatIsLostOrNew_IsNamed()
    {
        var rough = Calm;
        rough.Remove("rollouts/r/rl/0.1-worker-0-00000000.jsonl");
        rough["runs/r/stages/other.json"] = "{}";
        (await ReadAsync(Calm)).Differences(await ReadAsync(rough)).ShouldBe(
            ["rollouts/r/rl/0.ATTEMPT.jsonl: lost", "runs/r/stages/other.json: the undisturbed run has none"]);
    }

    [Fact]
    public async Task Differences_StepComputedTwiceWithAnotherResult_IsOne()
    {
        var rough = Calm;
        rough[Metrics] = "{\"step\":2,\"values\":{\"loss\":0.75}}\n" + rough[Metrics];
        (await ReadAsync(Calm)).Differences(await ReadAsync(rough)).ShouldContain(difference =>
            difference.Contains("step 2 again", StringComparison.Ordinal));
    }

    private static async Task<RunContents> ReadAsync(Dictionary<string, string> files)
    {
        var blobs = new MemoryBlobs();
        foreach (var (path, content) in files) await blobs.WriteAsync(path, new BinaryData(content));
        return await RunContents.ReadAsync(blobs, default);
    }
}

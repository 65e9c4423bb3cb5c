using Microsoft.Data.Sqlite;
using R1Cloud.EngineHost;

namespace R1Cloud.LocalHost.Tests.Engine;

/// <summary>Random orchestrations whose process is killed at random moments.</summary>
public sealed class CrashTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Kill_AtRandomMoments_EndsAsIfNothingHadHappened(int seed)
    {
        var folder = Directory.CreateTempSubdirectory("r1-crash-");
        var (database, log) = (Path.Combine(folder.FullName, "engine.db"), Path.Combine(folder.FullName, "log.txt"));
        var random = new Random(seed);
        var recorded = new Dictionary<string, int>(); // label → how often it had run when its result was found on disk
        string? output = null;
        var kills = 0;
        while (output is null)
        {
            using var process = await EngineProcess.StartAsync("run", database, log, $"{seed}");
            output = await process.RunForAsync(kills < 6 ? TimeSpan.FromMilliseconds(random.Next(20, 250)) : TimeSpan.FromMinutes(30));
            kills += output is null ? 1 : 0;
            kills.ShouldBeLessThan(10);
            var runs = Runs(log);
            foreach (var label in RecordedResults(database).Where(runs.ContainsKey))
                recorded.TryAdd(label, runs[label]);
        }

        kills.ShouldBeGreaterThan(1);
        recorded.ShouldNotBeEmpty();
        var final = Runs(log);
        foreach (var (label, times) in recorded)
            final[label].ShouldBe(times, $"{label} ran again although its result was recorded");
        var (expected, labels) = await UndisturbedAsync(seed);
        output.ShouldBe(expected);
        final.Keys.Order().ShouldBe(labels.Order());
        folder.Delete(recursive: true);
    }

    private static async Task<(string Output, IEnumerable<string> Labels)> UndisturbedAsync(int seed)
    {
        await using var factory = new EngineHostFactory(options => options with { ReplayEveryDecision = true });
        var log = factory.DatabasePath + ".txt";
        await using var engine = await factory.StartEngineAsync(RandomOrchestration.Registry(log));
        await engine.ScheduleNewAsync(RandomOrchestration.Name, new RandomOrchestration.Plan(seed, Rounds: 2, Depth: 2), "root");
        var state = await engine.WaitForCompletionAsync("root", TestContext.Current.CancellationToken);
        var runs = Runs(log);
        runs.Values.ShouldAllBe(times => times == 1);
        return (state.Output!.Value.GetString()!, runs.Keys);
    }

    private static Dictionary<string, int> Runs(string log) =>
        File.Exists(log) ? File.ReadAllLines(log).CountBy(label => label).ToDictionary() : [];

    // Results of activities that are in a history or an inbox.
    private static List<string> RecordedResults(string database)
    {
        using var connection = new SqliteConnection($"Data Source={database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT event ->> '$.result' FROM (SELECT event FROM history UNION ALL SELECT event FROM inbox) WHERE event ->> '$.type' = "
            + "'task-completed'";
        using var reader = command.ExecuteReader();
        var results = new List<string>();
        while (reader.Read())
            results.Add(reader.GetString(0));
        return results;
    }
}

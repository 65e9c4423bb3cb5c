using System.Text.Json;
using Microsoft.Data.Sqlite;
using R1Cloud.LocalHost.Trackio;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Tracking;
using R1Cloud.Shared.Metrics;
using R1Cloud.Testing;

namespace R1Cloud.LocalHost.Tests.Trackio;

/// <summary>Figures given to trackio, as its own library would have written them.</summary>
public sealed class TrackioTrackerTests : IDisposable
{
    private readonly TestFolder folder = new();
    private readonly TrackioTracker tracker = new(_ => null);

    public void Dispose() => folder.Dispose();

    private TrackingService Service => new(TrackerKind.Trackio, Folder: folder["trackio"]);

    [Fact]
    public async Task Send_Figures_AreRowsOfTheProject()
    {
        await tracker.SendAsync(Service, Stage(),
            [Row(1, ("reward/mean", 0.5), ("kl", double.NaN)), Row(2, ("reward/mean", 0.6))], default);

        var rows = Read(
            "SELECT run_id, timestamp, run_name, step, CAST(metrics AS TEXT), log_id, typeof(metrics) FROM metrics ORDER BY id");
        rows.Select(row => (row[1], row[2], row[3], row[4])).ShouldBe([
            ("1970-01-01T00:00:01.000000+00:00", "run-1/rl", "1", "{\"kl\":\"NaN\",\"reward/mean\":0.5}"),
            ("1970-01-01T00:00:02.000000+00:00", "run-1/rl", "2", "{\"reward/mean\":0.6}")]);
        rows.ShouldAllBe(row => row[0].Length == 32 && row[5].Length == 32 && row[6] == "blob");
        var config = JsonSerializer.Deserialize<JsonElement>(Read("SELECT config FROM configs").ShouldHaveSingleItem()[0]);
        (config.GetProperty("iterations").GetString(), config.GetProperty("_Group").GetString()).ShouldBe(("10", "run-1"));
    }

    [Fact]
    public async Task Send_TheSameAgainAndMoreOfAStep_DoublesNothing()
    {
        await tracker.SendAsync(Service, Stage(), [Row(1, ("a", 1))], default);
        for (var times = 0; times < 2; times++)
            await tracker.SendAsync(Service, Stage(isResumed: true), [Row(1, ("a", 1), ("b", 2)), Row(2, ("a", 3))], default);
        Read("SELECT step, CAST(metrics AS TEXT) FROM metrics ORDER BY id").Select(row => (row[0], row[1]))
            .ShouldBe([("1", "{\"a\":1}"), ("1", "{\"b\":2}"), ("2", "{\"a\":3}")]);
        Read("SELECT * FROM configs").Count.ShouldBe(1);
    }

    [Fact]
    public async Task Send_ToADatabaseOfTrackios_AddsToIt()
    {
        Directory.CreateDirectory(folder["trackio"]);
        File.Copy(Fixtures.Shared("data/mlflow/trackio/demo.db"), Path.Combine(folder["trackio"], "lab.db"));
        var before = Read("SELECT * FROM metrics").Count;
        await tracker.SendAsync(Service, Stage(), [Row(1, ("a", 1))], default);
        Read("SELECT * FROM metrics").Count.ShouldBe(before + 1);
        Read("PRAGMA integrity_check").ShouldHaveSingleItem()[0].ShouldBe("ok");
    }

    [Fact]
    public async Task Send_FolderThatCannotBe_IsATrackersTrouble()
    {
        folder.Write("file", "");
        await Should.ThrowAsync<TrackerException>(() =>
            tracker.SendAsync(Service with { Folder = folder["file"] }, Stage(), [Row(1, ("a", 1))], default));
    }

    private static MetricsRow Row(int step, params (string Name, double Value)[] values) =>
        new("rl", step, DateTimeOffset.FromUnixTimeMilliseconds(step * 1000),
            values.ToDictionary(value => value.Name, value => value.Value));

    private static TrackedStage Stage(bool isResumed = false) => new("run-1/rl", "run-1", "rl", "lab", TrackedStatus.Running,
        DateTimeOffset.UnixEpoch, new Dictionary<string, string> { ["iterations"] = "10" }, isResumed);

    private List<List<string>> Read(string query)
    {
        using var database = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder["trackio"], "lab.db"), Pooling = false }.ToString());
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = query;
        using var reader = command.ExecuteReader();
        var rows = new List<List<string>>();
        while (reader.Read()) rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(column => reader.GetValue(column).ToString()!)]);
        return rows;
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Tracking;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.LocalHost.Trackio;

/// <summary>
/// Writes figures where trackio (https://huggingface.co/docs/trackio) keeps its own on this machine: an SQLite file a project. A stage is a
/// run of trackio's; the runs of ours are its groups.
/// </summary>
/// <param name="environment">Reads an environment variable.</param>
internal sealed class TrackioTracker(Func<string, string?> environment) : ITracker
{
    // As trackio 0.43 makes them; it adds what else it needs.
    private const string Schema = """
        CREATE TABLE IF NOT EXISTS metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, timestamp TEXT NOT NULL,
            run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL, log_id TEXT, space_id TEXT);
        CREATE TABLE IF NOT EXISTS configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, run_name TEXT NOT NULL,
            config TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE(run_id));
        CREATE INDEX IF NOT EXISTS idx_metrics_run_step ON metrics(run_id, step);
        CREATE UNIQUE INDEX IF NOT EXISTS idx_metrics_log_id ON metrics(log_id) WHERE log_id IS NOT NULL;
        """;

    /// <inheritdoc/>
    public TrackerKind Kind => TrackerKind.Trackio;

    /// <inheritdoc/>
    public Task SendAsync(TrackingService service, TrackedStage stage, IReadOnlyList<MetricsRow> rows, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(stage);
        ArgumentNullException.ThrowIfNull(rows);
        return Task.Run(() => Write(service, stage, rows), cancellation); // SQLite has no other way
    }

    private void Write(TrackingService service, TrackedStage stage, IReadOnlyList<MetricsRow> rows)
    {
        var folder = service.Folder ?? DefaultFolder();
        var project = string.Concat(stage.Project.Where(sign => char.IsAsciiLetterOrDigit(sign) || sign is '-' or '_'));
        try
        {
            Directory.CreateDirectory(folder);
            using var turn = new FileStream(Path.Combine(folder, project + ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite,
                FileShare.None);
            using var database = new SqliteConnection(
                new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, project + ".db"), Pooling = false }.ToString());
            database.Open();
            Do(database, "PRAGMA journal_mode = WAL;" + Schema);
            using var transaction = database.BeginTransaction();
            Configure(database, stage);
            foreach (var row in rows) Add(database, stage, row);
            transaction.Commit();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw new TrackerException($"trackio's project '{project}' cannot be written: {e.Message}", e);
        }
    }

    private static void Configure(SqliteConnection database, TrackedStage stage)
    {
        var config = new Dictionary<string, string?>(stage.Settings!)
        {
            ["_Username"] = null, ["_Created"] = Time(stage.StartedAt), ["_Group"] = stage.RunId,
        };
        Do(database, "INSERT OR IGNORE INTO configs (run_id, run_name, config, created_at) VALUES ($run, $name, $config, $at)",
            ("$run", Id(stage.Key)), ("$name", stage.Name), ("$config", JsonSerializer.Serialize(config)), ("$at", Time(stage.StartedAt)));
    }

    // What is there of a step stays as it is: figures that came later have a row of their own, and one that comes again has none.
    private static void Add(SqliteConnection database, TrackedStage stage, MetricsRow row)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        using (var command = database.CreateCommand())
        {
            command.CommandText = "SELECT CAST(metrics AS TEXT) FROM metrics WHERE run_id = $run AND step = $step";
            command.Parameters.AddWithValue("$run", Id(stage.Key));
            command.Parameters.AddWithValue("$step", row.Step);
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                using var former = JsonDocument.Parse(reader.GetString(0));
                known.UnionWith(former.RootElement.EnumerateObject().Select(figure => figure.Name));
            }
        }
        var values = row.Values.Where(value => !known.Contains(value.Key)).OrderBy(value => value.Key, StringComparer.Ordinal)
            .ToDictionary(value => value.Key, value => Figure(value.Value));
        if (values.Count == 0) return;
        var id = Id(string.Create(CultureInfo.InvariantCulture, $"{stage.Key} {row.Step} {string.Join(' ', values.Keys)}"));
        Do(database, """
            INSERT OR IGNORE INTO metrics (run_id, timestamp, run_name, step, metrics, log_id) VALUES ($run, $at, $name, $step, $metrics, $id)
            """, ("$run", Id(stage.Key)), ("$at", Time(row.WallTime)), ("$name", stage.Name), ("$step", row.Step),
            ("$metrics", JsonSerializer.SerializeToUtf8Bytes(values)), ("$id", id));
    }

    private static object Figure(double value) => double.IsFinite(value) ? value
        : double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";

    private string DefaultFolder()
    {
        if (environment("TRACKIO_DIR") is { Length: > 0 } own) return own;
        var home = environment("HF_HOME") is { Length: > 0 } named ? named
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "huggingface");
        return Path.Combine(home, "trackio");
    }

    private static string Time(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+00:00'", CultureInfo.InvariantCulture);

    private static string Id(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];

    private static void Do(SqliteConnection database, string text, params (string Name, object Value)[] values)
    {
        using var command = database.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, value);
        command.ExecuteNonQuery();
    }
}

using System.IO.Compression;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Golden;

/// <summary>
/// All that a run left behind at some moment, as a file of JSON lines, packed: the engine's database, the blobs, the queues, and the API's
/// answer. A file is made once, by the version whose state it holds, and never again: every later version must go on with it.
/// </summary>
internal sealed class GoldenState
{
    private readonly List<Line> lines = [];

    // One thing that was kept.
    private sealed record Line
    {
        public string? Sql { get; init; }
        public string? Table { get; init; }
        public Dictionary<string, JsonElement>? Row { get; init; }
        public string? Blob { get; init; }
        public string? Queue { get; init; }
        public string? Text { get; init; }
        public RunView? View { get; init; }
    }

    /// <summary>What the API answered.</summary>
    public RunView View => lines.Single(line => line.View is not null).View!;

    /// <summary>The paths of all blobs.</summary>
    public IReadOnlyList<string> Paths => [.. lines.Where(line => line.Blob is not null).Select(line => line.Blob!)];

    /// <summary>A blob's text.</summary>
    public string Blob(string path) => lines.Single(line => line.Blob == path).Text!;

    /// <summary>The custom statuses of all instances, as they are stored.</summary>
    public IReadOnlyDictionary<string, string?> Statuses => lines.Where(line => line.Table == "instances")
        .ToDictionary(line => line.Row!["id"].GetString()!, line => line.Row!["custom_status"].GetString());

    /// <summary>Reads a file.</summary>
    public static GoldenState Read(string file)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        var state = new GoldenState();
        while (reader.ReadLine() is { } line) state.lines.Add(JsonSerializer.Deserialize<Line>(line, R1Json.Options)!);
        return state;
    }

    /// <summary>Writes a file.</summary>
    public void Write(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using var writer = new StreamWriter(new GZipStream(File.Create(file), CompressionLevel.SmallestSize)) { NewLine = "\n" };
        // Stack traces name the files of whoever wrote it.
        var folder = Testing.Repository.Root + Path.DirectorySeparatorChar;
        foreach (var line in lines)
            writer.WriteLine(JsonSerializer.Serialize(line, R1Json.Options).Replace(folder, "", StringComparison.Ordinal));
    }

    /// <summary>Takes what is there. The engine must have stopped.</summary>
    public static async Task<GoldenState> CaptureAsync(PipelineHost host, RunView view, Func<string, bool> keeps)
    {
        var state = new GoldenState();
        state.CaptureDatabase(host.DatabasePath);
        foreach (var path in host.Blobs.Paths.Where(keeps))
            state.lines.Add(new() { Blob = path, Text = (await host.Blobs.TryReadAsync(path))!.ToString() });
        foreach (var (queue, text) in host.Queues.Messages) state.lines.Add(new() { Queue = queue, Text = text });
        state.lines.Add(new() { View = view });
        return state;
    }

    /// <summary>Puts everything back.</summary>
    public void Restore(string database, IBlobStore blobs, MemoryQueues queues)
    {
        RestoreDatabase(database);
        foreach (var line in lines)
        {
            if (line.Blob is { } path) blobs.WriteAsync(path, new BinaryData(line.Text!)).Wait();
            if (line.Queue is { } queue) queues.Open(queue).SendAsync(line.Text!).Wait();
        }
    }

    private void CaptureDatabase(string database)
    {
        using var connection = Open(database);
        // A finished instance's history is not read again.
        var finished = Rows(connection, "SELECT key FROM instances WHERE status IN ('Completed', 'Failed', 'Terminated')")
            .Select(row => row["key"].GetInt64()).ToHashSet();
        foreach (var pragma in new[] { "application_id", "user_version" })
            lines.Add(new() { Sql = $"PRAGMA {pragma} = {Rows(connection, $"PRAGMA {pragma}").Single()[pragma]}" });
        foreach (var item in Rows(connection,
            "SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rootpage"))
        {
            lines.Add(new() { Sql = item["sql"].GetString()! });
            if (item["type"].GetString() == "table")
                lines.AddRange(Rows(connection, $"SELECT * FROM {item["name"].GetString()}").Where(row => !finished.Contains(Key(row)))
                    .Select(row => new Line { Table = item["name"].GetString(), Row = row }));
        }
    }

    private static long Key(Dictionary<string, JsonElement> row) => row.TryGetValue("instance_key", out var key) ? key.GetInt64() : -1;

    private void RestoreDatabase(string database)
    {
        using var connection = Open(database);
        foreach (var line in lines)
        {
            if (line.Sql is { } sql) Run(connection, sql);
            if (line.Row is { } row)
                Run(connection,
                    $"INSERT INTO {line.Table} ({string.Join(", ", row.Keys)}) VALUES "
                    + $"({string.Join(", ", row.Keys.Select(column => "$" + column))})", row);
        }
    }

    private static SqliteConnection Open(string database)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static List<Dictionary<string, JsonElement>> Rows(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The text is this class's own, or the golden file's.
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var rows = new List<Dictionary<string, JsonElement>>();
        while (reader.Read())
        {
            rows.Add(Enumerable.Range(0, reader.FieldCount).ToDictionary(
                reader.GetName, column => JsonSerializer.SerializeToElement(reader.IsDBNull(column) ? null : reader.GetValue(column))));
        }
        return rows;
    }

    private static void Run(SqliteConnection connection, string sql, IReadOnlyDictionary<string, JsonElement>? values = null)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (column, value) in values ?? new Dictionary<string, JsonElement>())
        {
            command.Parameters.AddWithValue("$" + column, value.ValueKind switch
            {
                JsonValueKind.Null => DBNull.Value,
                JsonValueKind.Number => value.GetInt64(),
                _ => value.GetString()!,
            });
        }
        command.ExecuteNonQuery();
    }
}

using System.Text.Json;
using R1Cloud.LocalHost.Engine.History;

namespace R1Cloud.LocalHost.Engine.Storage;

/// <summary>An activity to run. Its row is its right to report: the one that deletes it records the result.</summary>
internal sealed record ActivityWork(long Id, string Name, JsonElement Input);

/// <summary>A timer to wait for.</summary>
internal sealed record TimerWork(long Id, DateTimeOffset FireAt);

/// <summary>A request that awaits an answer.</summary>
internal sealed record OpenRequest(long Key, int Execution, int Request);

/// <summary>Statements on history, inbox, activities and timers.</summary>
internal sealed class WorkTables(EngineDatabase database)
{
    public List<HistoryEvent> History(long key) =>
        database.Query("SELECT event FROM history WHERE instance_key = $1 ORDER BY position",
            row => HistoryJson.Parse<HistoryEvent>(row.GetString(0)), key);

    public void AppendHistory(long key, int firstPosition, IEnumerable<HistoryEvent> events)
    {
        foreach (var recorded in events)
            database.Execute("INSERT INTO history (instance_key, position, event) VALUES ($1, $2, $3)", key, firstPosition++,
                HistoryJson.Write(recorded));
    }

    public void DeleteHistory(long key) => database.Execute("DELETE FROM history WHERE instance_key = $1", key);

    public void Enqueue(long key, int? execution, HistoryEvent message) =>
        database.Execute("INSERT INTO inbox (instance_key, execution, event) VALUES ($1, $2, $3)", key, execution,
            HistoryJson.Write(message));

    /// <summary>Messages for an execution, oldest first; those for an earlier one are left out.</summary>
    public List<HistoryEvent> Inbox(long key, int execution) => database.Query(
        "SELECT event FROM inbox WHERE instance_key = $1 AND (execution IS NULL OR execution = $2) ORDER BY sequence",
            row => HistoryJson.Parse<HistoryEvent>(row.GetString(0)), key, execution);

    /// <summary>Empties an inbox. The engine's one writer has read all of it.</summary>
    public void DeleteInbox(long key) => database.Execute("DELETE FROM inbox WHERE instance_key = $1", key);

    public List<long> KeysWithMessages() =>
        database.Query("SELECT instance_key FROM inbox GROUP BY instance_key ORDER BY min(sequence)", row => row.GetInt64(0));

    public ActivityWork InsertActivity(OpenRequest by, string name, JsonElement input) => new(
        database.Insert("INSERT INTO activities (instance_key, execution, request, name, input) VALUES ($1, $2, $3, $4, $5)", by.Key,
            by.Execution, by.Request, name, HistoryJson.Write(input)),
        name, input);

    public List<ActivityWork> Activities() => database.Query(
        "SELECT id, name, input FROM activities ORDER BY id",
            row => new ActivityWork(row.GetInt64(0), row.GetString(1), HistoryJson.Parse<JsonElement>(row.GetString(2))));

    public OpenRequest? TakeActivity(long id) => database.Query(
        "DELETE FROM activities WHERE id = $1 RETURNING instance_key, execution, request",
            row => new OpenRequest(row.GetInt64(0), row.GetInt32(1), row.GetInt32(2)), id).FirstOrDefault();

    public void DeleteActivities(long key) => database.Execute("DELETE FROM activities WHERE instance_key = $1", key);

    public TimerWork InsertTimer(OpenRequest by, DateTimeOffset fireAt) => new(
        database.Insert("INSERT INTO timers (instance_key, execution, request, fire_at) VALUES ($1, $2, $3, $4)", by.Key, by.Execution,
            by.Request, fireAt.UtcTicks), fireAt);

    public List<TimerWork> Timers() =>
        database.Query("SELECT id, fire_at FROM timers",
            row => new TimerWork(row.GetInt64(0), new DateTimeOffset(row.GetInt64(1), TimeSpan.Zero)));

    public OpenRequest? TakeTimer(long id) => database.Query(
        "DELETE FROM timers WHERE id = $1 RETURNING instance_key, execution, request",
            row => new OpenRequest(row.GetInt64(0), row.GetInt32(1), row.GetInt32(2)), id).FirstOrDefault();

    public void DeleteTimer(long key, int request) =>
        database.Execute("DELETE FROM timers WHERE instance_key = $1 AND request = $2", key, request);

    public void DeleteTimers(long key) => database.Execute("DELETE FROM timers WHERE instance_key = $1", key);
}

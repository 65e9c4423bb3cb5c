using System.Text.Json;
using R1Cloud.LocalHost.Engine.History;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.LocalHost.Engine.Storage;

/// <summary>Statements on the table of instances.</summary>
internal sealed class InstanceTable(EngineDatabase database, TimeProvider time)
{
    private long Now => time.GetUtcNow().UtcTicks;

    public InstanceRow? Find(long key) =>
        database.Query($"SELECT {InstanceRow.Columns} FROM instances WHERE key = $1", InstanceRow.Read, key).FirstOrDefault();

    public InstanceRow? Find(string id) =>
        database.Query($"SELECT {InstanceRow.Columns} FROM instances WHERE id = $1", InstanceRow.Read, id).FirstOrDefault();

    public List<InstanceRow> UnfinishedChildren(long key) =>
        [.. database.Query($"SELECT {InstanceRow.Columns} FROM instances WHERE parent_key = $1", InstanceRow.Read, key)
            .Where(child => !child.IsFinished)];

    public OrchestrationState? View(string id) =>
        database.Query($"SELECT {InstanceView.Columns} FROM instances WHERE id = $1", InstanceView.Read, id).FirstOrDefault();

    public List<OrchestrationState> List(string prefix, bool unfinishedOnly)
    {
        // Each by an index of its own: there may be very many finished ones.
        var (select, matches) = ($"SELECT {InstanceView.Summary} FROM instances WHERE", "id >= $1 AND substr(id, 1, length($1)) = $1");
        if (unfinishedOnly)
            return database.Query($"{select} {Schema.Unfinished} AND {matches} ORDER BY created, key", InstanceView.Read, prefix);
        var end = prefix + char.ConvertFromUtf32(0x10FFFF);
        return database.Query($"{select} {matches} AND id < $2 ORDER BY created, key", InstanceView.Read, prefix, end);
    }

    public InstanceRow Insert(string id, string name, int execution, JsonElement input, ParentRequest? parent)
    {
        var key = database.Insert(
            "INSERT INTO instances (id, name, status, execution, created, updated, parent_key, parent_id, parent_execution, "
            + "parent_request, input) VALUES ($1, $2, 'Pending', $3, $4, $4, $5, $6, $7, $8, $9)",
            id, name, execution, Now, parent?.Key, parent?.InstanceId, parent?.Execution, parent?.Request, HistoryJson.Write(input));
        return new InstanceRow(key, id, name, OrchestrationStatus.Pending, Suspended: false, execution, parent);
    }

    public void Delete(long key) => database.Execute("DELETE FROM instances WHERE key = $1", key);

    public void SetRunning(long key) =>
        database.Execute("UPDATE instances SET status = 'Running', updated = $2 WHERE key = $1", key, Now);

    public void SetSuspended(long key, bool suspended) =>
        database.Execute("UPDATE instances SET suspended = $2, updated = $3 WHERE key = $1", key, suspended ? 1 : 0, Now);

    public void SetCustomStatus(long key, JsonElement status) =>
        database.Execute("UPDATE instances SET custom_status = $2 WHERE key = $1", key, HistoryJson.Write(status));

    public void SetNextExecution(long key, JsonElement input) =>
        database.Execute("UPDATE instances SET execution = execution + 1, input = $2, updated = $3 WHERE key = $1", key,
            HistoryJson.Write(input), Now);

    public void Finish(long key, OrchestrationStatus status, JsonElement? output, FailureDetails? failure) => database.Execute(
        "UPDATE instances SET status = $2, suspended = 0, output = $3, failure = $4, updated = $5 WHERE key = $1",
        key, status.ToString(), output is null ? null : HistoryJson.Write(output),
        failure is null ? null : HistoryJson.Write(failure), Now);
}

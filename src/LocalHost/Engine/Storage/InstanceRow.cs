using System.Text.Json;
using Microsoft.Data.Sqlite;
using R1Cloud.LocalHost.Engine.Execution;
using R1Cloud.LocalHost.Engine.History;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.LocalHost.Engine.Storage;

/// <summary>Which request of which execution a sub-orchestration answers.</summary>
internal sealed record ParentRequest(long Key, string InstanceId, int Execution, int Request);

/// <summary>What the engine must know of an instance to run it.</summary>
internal sealed record InstanceRow(long Key, string Id, string Name, OrchestrationStatus Status, bool Suspended, int Execution,
    ParentRequest? Parent)
{
    /// <summary>The columns that <see cref="Read"/> takes, in order.</summary>
    public const string Columns = "key, id, name, status, suspended, execution, parent_key, parent_id, parent_execution, parent_request";

    /// <summary>Whether nothing more will happen.</summary>
    public bool IsFinished => Status is OrchestrationStatus.Completed or OrchestrationStatus.Failed or OrchestrationStatus.Terminated;

    /// <summary>Names the execution.</summary>
    public ExecutionIdentity Identity => new(Key, Id, Name, Execution, Parent?.InstanceId);

    /// <summary>Reads a row.</summary>
    public static InstanceRow Read(SqliteDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.GetString(2), Enum.Parse<OrchestrationStatus>(row.GetString(3)), row.GetBoolean(4),
            row.GetInt32(5),
        row.IsDBNull(6) ? null : new ParentRequest(row.GetInt64(6), row.GetString(7), row.GetInt32(8), row.GetInt32(9)));
}

/// <summary>What clients see of an instance.</summary>
internal static class InstanceView
{
    /// <summary>The columns that <see cref="Read"/> takes, in order.</summary>
    public const string Columns = "id, name, status, suspended, created, updated, parent_id, input, output, custom_status, failure";

    /// <summary>The same without what may be large.</summary>
    public const string Summary = "id, name, status, suspended, created, updated, parent_id, NULL, NULL, NULL, NULL";

    /// <summary>Reads a row.</summary>
    public static OrchestrationState Read(SqliteDataReader row)
    {
        var state = new OrchestrationState(
            row.GetString(0), row.GetString(1), Enum.Parse<OrchestrationStatus>(row.GetString(2)), Time(4), Time(5), Text(6),
            Element(7), Element(8), Element(9), Text(10) is { } failure ? HistoryJson.Parse<FailureDetails>(failure) : null);
        return row.GetBoolean(3) && !state.IsFinished ? state with { Status = OrchestrationStatus.Suspended } : state;

        DateTimeOffset Time(int column) => new(row.GetInt64(column), TimeSpan.Zero);
        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        JsonElement? Element(int column) => Text(column) is { } json ? HistoryJson.Parse<JsonElement>(json) : null;
    }
}

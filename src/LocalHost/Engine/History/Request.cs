using System.Text.Json;

namespace R1Cloud.LocalHost.Engine.History;

/// <summary>Something the orchestrator asked for. <paramref name="Id"/> counts an execution's requests from 1.</summary>
/// <remarks>
/// Replay compares what was recorded with what the code asks for now by their descriptions: kind and names, not inputs or times, which the
/// history overrules.
/// </remarks>
internal abstract record Request(int Id) : HistoryEvent
{
    /// <summary>What the history says: "scheduled activity 'A'".</summary>
    public abstract string Recorded { get; }

    /// <summary>What the code does: "calls activity 'A'".</summary>
    public abstract string Asked { get; }
}

/// <summary>Run an activity.</summary>
internal sealed record ActivityScheduled(int Id, string Name, JsonElement Input) : Request(Id)
{
    /// <inheritdoc/>
    public override string Recorded => $"scheduled activity '{Name}'";

    /// <inheritdoc/>
    public override string Asked => $"calls activity '{Name}'";
}

/// <summary>Run an orchestrator as an instance of its own.</summary>
internal sealed record SubOrchestrationScheduled(int Id, string Name, string InstanceId, JsonElement Input) : Request(Id)
{
    /// <inheritdoc/>
    public override string Recorded => $"scheduled sub-orchestration '{Name}' as '{InstanceId}'";

    /// <inheritdoc/>
    public override string Asked => $"calls sub-orchestration '{Name}' as '{InstanceId}'";
}

/// <summary>Wake me at a time.</summary>
internal sealed record TimerCreated(int Id, DateTimeOffset FireAt) : Request(Id)
{
    /// <inheritdoc/>
    public override string Recorded => "created a timer";

    /// <inheritdoc/>
    public override string Asked => "creates a timer";
}

/// <summary>Forget the timer created as <paramref name="TimerId"/>.</summary>
internal sealed record TimerCancelled(int Id, int TimerId) : Request(Id)
{
    /// <inheritdoc/>
    public override string Recorded => $"cancelled timer {TimerId}";

    /// <inheritdoc/>
    public override string Asked => $"cancels timer {TimerId}";
}

/// <summary>Raise an event to another instance.</summary>
internal sealed record EventSent(int Id, string InstanceId, string Name, JsonElement Payload) : Request(Id)
{
    /// <inheritdoc/>
    public override string Recorded => $"sent event '{Name}' to '{InstanceId}'";

    /// <inheritdoc/>
    public override string Asked => $"sends event '{Name}' to '{InstanceId}'";
}

using System.Text.Json;
using System.Text.Json.Serialization;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.LocalHost.Engine.History;

/// <summary>
/// One line of an instance's history. Messages come in from outside, requests go out; a decision is a clock reading, messages, then the
/// requests they led to.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(DecisionStarted), "decision-started")]
[JsonDerivedType(typeof(ExecutionStarted), "execution-started")]
[JsonDerivedType(typeof(TaskCompleted), "task-completed")]
[JsonDerivedType(typeof(TaskFailed), "task-failed")]
[JsonDerivedType(typeof(TimerFired), "timer-fired")]
[JsonDerivedType(typeof(EventRaised), "event-raised")]
[JsonDerivedType(typeof(ActivityScheduled), "activity-scheduled")]
[JsonDerivedType(typeof(SubOrchestrationScheduled), "sub-orchestration-scheduled")]
[JsonDerivedType(typeof(TimerCreated), "timer-created")]
[JsonDerivedType(typeof(TimerCancelled), "timer-cancelled")]
[JsonDerivedType(typeof(EventSent), "event-sent")]
[JsonDerivedType(typeof(ExecutionCompleted), "execution-completed")]
[JsonDerivedType(typeof(ExecutionFailed), "execution-failed")]
internal abstract record HistoryEvent;

/// <summary>A decision begins; its time is what the code sees as now.</summary>
internal sealed record DecisionStarted(DateTimeOffset At) : HistoryEvent;

/// <summary>The first message of every execution.</summary>
internal sealed record ExecutionStarted(JsonElement Input) : HistoryEvent;

/// <summary>The activity or sub-orchestration asked for as <paramref name="Id"/> has a result.</summary>
internal sealed record TaskCompleted(int Id, JsonElement Result) : HistoryEvent;

/// <summary>The activity or sub-orchestration asked for as <paramref name="Id"/> failed.</summary>
internal sealed record TaskFailed(int Id, FailureDetails Failure) : HistoryEvent;

/// <summary>The timer created as <paramref name="Id"/> is due.</summary>
internal sealed record TimerFired(int Id) : HistoryEvent;

/// <summary>Somebody raised an event to this instance.</summary>
internal sealed record EventRaised(string Name, JsonElement Payload) : HistoryEvent;

/// <summary>The orchestrator returned.</summary>
internal sealed record ExecutionCompleted(JsonElement Output) : HistoryEvent;

/// <summary>The orchestrator threw, or could not go on.</summary>
internal sealed record ExecutionFailed(FailureDetails Failure) : HistoryEvent;

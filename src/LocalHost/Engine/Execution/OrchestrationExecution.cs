using R1Cloud.LocalHost.Engine.History;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.LocalHost.Engine.Execution;

/// <summary>Which execution of which instance.</summary>
/// <param name="Key">The instance's row.</param>
/// <param name="InstanceId">The instance's id.</param>
/// <param name="Name">The orchestrator's name.</param>
/// <param name="Execution">Counts executions of the id from 1: up with every ContinueAsNew and restart.</param>
/// <param name="ParentInstanceId">The caller, for a sub-orchestration.</param>
internal sealed record ExecutionIdentity(long Key, string InstanceId, string Name, int Execution, string? ParentInstanceId);

/// <summary>One execution of an orchestrator, alive in memory: a coroutine that goes on with every message.</summary>
internal sealed class OrchestrationExecution
{
    private readonly ExecutionIdentity identity;
    private readonly DecisionScheduler scheduler;
    private readonly ReplayContext context;
    private readonly Func<Orchestrator> orchestrator;
    private DateTimeOffset lastDecision;
    private HistoryEvent? ending;
    private int position;

    /// <summary>Prepares an execution that has seen nothing yet.</summary>
    /// <param name="identity">Which one.</param>
    /// <param name="orchestrator">Finds its code; what it throws fails the instance.</param>
    /// <param name="loggers">For replay-safe loggers.</param>
    /// <param name="escaped">Called, on any thread, when its code goes on outside a decision.</param>
    public OrchestrationExecution(ExecutionIdentity identity, Func<Orchestrator> orchestrator, ILoggerFactory loggers,
        Action<ExecutionIdentity> escaped)
    {
        this.identity = identity;
        this.orchestrator = orchestrator;
        scheduler = new DecisionScheduler(() => escaped(identity));
        context = new ReplayContext(identity, scheduler, loggers);
    }

    /// <summary>Which execution this is.</summary>
    public ExecutionIdentity Identity => identity;

    /// <summary>Re-lives a recorded history.</summary>
    /// <exception cref="NonDeterministicOrchestrationException">The code asked for something else than it did then.</exception>
    public void Replay(IReadOnlyList<HistoryEvent> history)
    {
        while (position < history.Count)
        {
            var started = (DecisionStarted)history[position++];
            var messages = Take<HistoryEvent>(history, e => e is not (Request or DecisionStarted));
            Advance(started.At, messages, replaying: true);
            Compare(Take<Request>(history, e => e is Request), context.TakeRequests());
        }
    }

    /// <summary>Makes a decision on new messages.</summary>
    public Decision Decide(DateTimeOffset now, IReadOnlyList<HistoryEvent> messages)
    {
        // A clock that was set back must not make the code's time run backwards.
        var at = now > lastDecision ? now : lastDecision;
        var leftOver = Advance(at, messages, replaying: false);
        var requests = context.TakeRequests();
        if (ending is null && !context.AwaitsAnything)
            ending = Failed(new ForeignTaskException(identity.InstanceId, "waits for a task that is not of its context"));

        HistoryEvent[] history =
            [new DecisionStarted(at), .. messages, .. requests, .. ending is null ? Array.Empty<HistoryEvent>() : [ending]];
        var first = position + 1;
        position += history.Length;
        return new Decision(first, history, requests, context.CustomStatus, ending, Continuation(leftOver));
    }

    private NextExecution? Continuation(IEnumerable<EventRaised> leftOver) =>
        ending is ExecutionCompleted && context.NextExecution is { } next
            ? new NextExecution(next.Input, next.PreserveEvents ? [.. context.Events.Unclaimed, .. leftOver] : [])
            : null;

    // Feeds messages one by one, letting the code run as far as it can after each.
    // Returns events that came after the code had ended.
    private IEnumerable<EventRaised> Advance(DateTimeOffset at, IReadOnlyList<HistoryEvent> messages, bool replaying)
    {
        lastDecision = at;
        context.Begin(at, replaying);
        var next = 0;
        for (; next < messages.Count && ending is null; next++)
        {
            var message = messages[next];
            scheduler.Run(() =>
            {
                context.Deliver(message);
                if (message is ExecutionStarted)
                    _ = Task.Factory.StartNew(RunAsync, CancellationToken.None, TaskCreationOptions.None, scheduler);
            });
        }
        return messages.Skip(next).OfType<EventRaised>();
    }

    private async Task RunAsync()
    {
        HistoryEvent end;
        try
        {
            end = new ExecutionCompleted(HistoryJson.From(await orchestrator()(context)));
        }
        catch (Exception error)
        {
            end = Failed(error);
        }
        if (scheduler.IsDeciding)
            ending = end;
        else
            scheduler.ReportEscape(); // Code that left the scheduler has no say, not even in how it ends.
    }

    private static ExecutionFailed Failed(Exception error) => new(FailureDetails.From(error));

    private T[] Take<T>(IReadOnlyList<HistoryEvent> history, Func<HistoryEvent, bool> belongs) where T : HistoryEvent
    {
        var taken = history.Skip(position).TakeWhile(belongs).Cast<T>().ToArray();
        position += taken.Length;
        return taken;
    }

    private void Compare(Request[] recorded, IReadOnlyList<Request> asked)
    {
        var first = position - recorded.Length + 1;
        for (var i = 0; i < Math.Max(recorded.Length, asked.Count); i++)
        {
            var then = i < recorded.Length ? recorded[i] : null;
            var now = i < asked.Count ? asked[i] : null;
            if (then?.Asked != now?.Asked)
                throw Mismatch(first + i, then?.Recorded, now?.Asked);
        }
        if (ending is not null) // A finished execution is not replayed.
            throw Mismatch(position + 1, null, null);
    }

    private NonDeterministicOrchestrationException Mismatch(int at, string? recorded, string? asked) => new(
        identity.InstanceId,
        at,
        recorded ?? "is past the end of that decision",
        asked ?? ending switch
        {
            ExecutionFailed { Failure: var failure } => $"fails with {failure.ErrorType}: {failure.ErrorMessage}",
            ExecutionCompleted => "ends",
            _ => "asks for nothing",
        });
}

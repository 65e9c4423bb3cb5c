using System.Text.Json;
using R1Cloud.LocalHost.Engine.History;

namespace R1Cloud.LocalHost.Engine.Execution;

/// <summary>What one run of the code over new messages led to. All of it is committed, or none.</summary>
/// <param name="FirstPosition">Position of the first new event in the history, from 1.</param>
/// <param name="History">Events to append.</param>
/// <param name="Requests">Those of them that ask the engine for something.</param>
/// <param name="CustomStatus">A newly set custom status.</param>
/// <param name="Ending">How the execution ended, if it did.</param>
/// <param name="Next">The execution to begin instead of finishing.</param>
internal sealed record Decision(
    int FirstPosition,
    IReadOnlyList<HistoryEvent> History,
    IReadOnlyList<Request> Requests,
    JsonElement? CustomStatus,
    HistoryEvent? Ending,
    NextExecution? Next);

/// <summary>The execution that a ContinueAsNew asks for.</summary>
/// <param name="Input">Its input.</param>
/// <param name="Events">Unprocessed events that go along, oldest first.</param>
internal sealed record NextExecution(JsonElement Input, IReadOnlyList<EventRaised> Events);

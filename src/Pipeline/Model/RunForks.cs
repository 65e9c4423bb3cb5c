using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Keys;

namespace R1Cloud.Pipeline.Model;

/// <summary>What a fork is to be: the body of <c>POST /api/runs/{id}/fork</c>.</summary>
/// <param name="At">
/// Where it leaves the run: <c>STAGE</c> for a stage's latest checkpoint, <c>STAGE:ITERATION</c> for one that is kept, <c>STAGE:0</c> for
/// the stage's beginning.
/// </param>
/// <param name="Set">What is other than in the run: fields of its recipe by their paths, e.g. <c>stages.r1-zero.iterations</c>.</param>
/// <param name="Name">The fork's id; null derives it from all this, so that the same order is the same fork.</param>
public sealed record ForkRequest(string At, IReadOnlyDictionary<string, JsonElement>? Set = null, string? Name = null);

/// <summary>Where a run leaves the one that it is a fork of.</summary>
/// <param name="RunId">That run.</param>
/// <param name="Stage">The stage.</param>
/// <param name="Iteration">
/// The iteration after which it goes its own way: 0 for the beginning of the stage, the last for its end.
/// </param>
public sealed record ForkOrigin(string RunId, string Stage, int Iteration);

/// <summary>
/// All that a fork begins with, so that it needs nothing of the other run but the blobs that are named here, which its claims keep.
/// </summary>
/// <param name="Records">The stages that it takes over, by name.</param>
/// <param name="Keys">Their keys, and those of their measurements where they are the fork's, too.</param>
/// <param name="Start">Where the stage goes on in whose midst it leaves the other run; null where it leaves between two stages.</param>
[StoredForm(1)]
internal sealed record RunFork(
    IReadOnlyDictionary<string, StageRecord> Records, IReadOnlyDictionary<string, StageKey> Keys, StageStart? Start = null);

/// <summary>A checkpoint from which a stage goes on that another run began.</summary>
/// <param name="Stage">The stage's name.</param>
/// <param name="Iteration">Its iterations that are done.</param>
/// <param name="Policy">The checkpoint.</param>
/// <param name="Reference">The checkpoint of the reference model at that time.</param>
/// <param name="Content">What stands for both in the stage's key.</param>
/// <param name="Lineage">The runs that made the iterations before, the first ones first.</param>
/// <param name="Pool">The curriculum's pool at that time; null where there was none.</param>
internal sealed record StageStart(
    string Stage, int Iteration, string Policy, string Reference, string Content, IReadOnlyList<LineageSpan> Lineage,
    string? Pool = null);

/// <summary>Iterations of a stage that a run made.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Label">The stage's label there.</param>
/// <param name="To">The last of them; the first is the one after the span before.</param>
internal sealed record LineageSpan(string RunId, string Label, int To);

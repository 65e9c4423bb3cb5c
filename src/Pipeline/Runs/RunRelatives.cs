using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Reuse;

namespace R1Cloud.Pipeline.Runs;

/// <summary>The runs that share iterations with a run: the answer of <c>GET /api/runs/{id}/relatives</c>.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Relatives">The run that it is a fork of, the other forks of that one, and its own forks.</param>
public sealed record RunRelativesView(string RunId, IReadOnlyList<RelatedRun> Relatives);

/// <summary>A run that shares iterations with another.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Relation">What it is to the other.</param>
/// <param name="Stage">The stage in which the two part.</param>
/// <param name="Iteration">The last iteration that they share: 0 where they part at the stage's beginning.</param>
/// <param name="Differences">In which fields its recipe differs from the other's, <c>to</c> being its own; at most 20.</param>
public sealed record RelatedRun(string RunId, RunRelation Relation, string Stage, int Iteration,
    IReadOnlyList<RecipeDifference> Differences);

/// <summary>What a run is to another.</summary>
public enum RunRelation
{
    /// <summary>The other one is a fork of it.</summary>
    Parent,
    /// <summary>Both are forks of the same run.</summary>
    Sibling,
    /// <summary>It is a fork of the other one.</summary>
    Fork,
}

/// <summary>Finds a run's relatives.</summary>
internal sealed class RunRelatives(IRunStore runs, RunClaims claims)
{
    private const int MostDifferences = 20;

    /// <summary>A run's relatives that there are: the parent, then the others as they were made.</summary>
    public async Task<IReadOnlyList<RelatedRun>> OfAsync(RunSpec run, CancellationToken cancellation)
    {
        var relatives = new List<RelatedRun>();
        if (run.Fork is { } fork)
        {
            if (await runs.TryGetAsync(fork.RunId, cancellation) is { } parent)
                relatives.Add(Related(run, parent, RunRelation.Parent, fork.Stage, fork.Iteration));
            var order = run.ParseRecipe().Stages.Keys.ToList();
            foreach (var sibling in await ForksAsync(fork.RunId, cancellation))
            {
                if (sibling.Id == run.Id) continue;
                // They share what both share with the parent.
                var first = new[] { fork, sibling.Fork! }.OrderBy(one => order.IndexOf(one.Stage)).ThenBy(one => one.Iteration).First();
                relatives.Add(Related(run, sibling, RunRelation.Sibling, first.Stage, first.Iteration));
            }
        }
        foreach (var child in await ForksAsync(run.Id, cancellation))
            relatives.Add(Related(run, child, RunRelation.Fork, child.Fork!.Stage, child.Fork.Iteration));
        return relatives;
    }

    private async Task<IReadOnlyList<RunSpec>> ForksAsync(string runId, CancellationToken cancellation)
    {
        var forks = new List<RunSpec>();
        foreach (var claim in (await claims.OnAsync(runId, cancellation)).Where(claim => claim.Fork).OrderBy(claim => claim.MadeAt))
        {
            if (await runs.TryGetAsync(claim.RunId, cancellation) is { Fork: { } fork } spec && fork.RunId == runId) forks.Add(spec);
        }
        return forks;
    }

    private static RelatedRun Related(RunSpec run, RunSpec other, RunRelation relation, string stage, int iteration) =>
        new(other.Id, relation, stage, iteration, [.. JsonDifferences.Of(run.Recipe, other.Recipe).Take(MostDifferences)]);
}

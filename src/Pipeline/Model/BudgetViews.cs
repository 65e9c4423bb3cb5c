using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Model;

/// <summary>How a run stands with its budget.</summary>
/// <param name="Amount">What it may cost.</param>
/// <param name="Currency">In which currency; <c>hours</c> for worker hours.</param>
/// <param name="Spent">What it has cost, idle workers included.</param>
/// <param name="Next">What the units of work under way, or the one that it waits for, are estimated to cost.</param>
/// <param name="MayOvershoot">
/// By how much units under way may exceed the budget, as each runs to its end: as far beyond their estimates as a unit of this run went so
/// far; before one has ended, by their estimates once more.
/// </param>
/// <param name="Warns">Whether the share that the recipe names is spent.</param>
/// <param name="NextIs">The units of <paramref name="Next"/>, in words.</param>
/// <param name="Held">Why the run was paused, and what going on costs; null while it goes on.</param>
public sealed record BudgetView(double Amount, string Currency, double Spent, double Next, double MayOvershoot, bool Warns,
    string? NextIs = null, string? Held = null);

/// <summary>The books of a run's budget.</summary>
[StoredForm(1)]
internal sealed record BudgetBook
{
    /// <summary>What the run may cost since it was raised; null before.</summary>
    public double? Raised { get; init; }

    /// <summary>The units of work under way by their stages' labels.</summary>
    public IReadOnlyDictionary<string, BudgetUnit> Units { get; init; } = new Dictionary<string, BudgetUnit>();

    /// <summary>The most that a unit has cost, as a multiple of its estimate; null before one has ended.</summary>
    public double? Worst { get; init; }

    /// <summary>The unit that does not fit.</summary>
    public BudgetUnit? Waits { get; init; }

    /// <summary>Why the run was paused.</summary>
    public string? Held { get; init; }
}

/// <summary>A unit of work: an iteration, a stage's jobs or a measurement.</summary>
/// <param name="What">It in words.</param>
/// <param name="Estimate">What it is estimated to cost.</param>
/// <param name="SpentBefore">What the run had cost when it was admitted.</param>
internal sealed record BudgetUnit(string What, double Estimate, double SpentBefore);

/// <summary>A unit of work that asks whether the budget allows it.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Stage">The stage's name.</param>
/// <param name="Label">The stage's label.</param>
/// <param name="Kind">What it is.</param>
/// <param name="What">It in words.</param>
/// <param name="Seconds">How long such a unit took so far, on average; null leaves it to the plan.</param>
internal sealed record BudgetStep(string RunId, string Stage, string Label, BudgetStepKind Kind, string What, double? Seconds = null);

/// <summary>What asks whether the budget allows it.</summary>
internal enum BudgetStepKind
{
    /// <summary>All jobs of a stage but its measurement.</summary>
    Stage,
    /// <summary>An iteration of reinforcement learning.</summary>
    Iteration,
    /// <summary>The measurement of a stage's model.</summary>
    Evaluation,
}

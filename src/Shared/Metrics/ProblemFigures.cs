namespace R1Cloud.Shared.Metrics;

/// <summary>
/// One line of an evaluation's <c>problems.jsonl</c>: what a model earns on a problem. Two models' lines are compared problem by problem.
/// </summary>
/// <param name="Problem">The problem's id.</param>
/// <param name="Means">Means over its samples that the rewards could judge, by the rewards' family; over greedy answers where nothing is
/// sampled.</param>
public sealed record ProblemFigures(string Problem, IReadOnlyDictionary<string, double> Means);

namespace R1Cloud.Shared.Metrics;

/// <summary>One line of a stage's metrics blob: the figures of one step.</summary>
/// <remarks>Lines are appended at least once; readers merge the lines of a step, the later value of a name winning.</remarks>
/// <param name="Stage">The stage's label: its name, with <c>~n</c> appended when run again for the n-th time.</param>
/// <param name="Step">The step (pretraining) or iteration (RL) that the figures belong to, from 1; 0 is before the first.</param>
/// <param name="WallTime">When they were recorded.</param>
/// <param name="Values">Figures by the names of <see cref="MetricNames"/>.</param>
public sealed record MetricsRow(string Stage, int Step, DateTimeOffset WallTime, IReadOnlyDictionary<string, double> Values);

namespace R1Cloud.GpuJob.Jobs.Checking;

/// <summary>What the check of a run's inputs came to.</summary>
/// <param name="Problems">What is wrong, a line each; empty where the run can begin.</param>
/// <param name="Rows">What was measured.</param>
internal sealed record CheckReport(IReadOnlyList<string> Problems, IReadOnlyList<CheckedRows> Rows);

/// <summary>The rows of a task that a stage puts to a model.</summary>
/// <param name="Field">The stage's field.</param>
/// <param name="Task">The task.</param>
/// <param name="Measured">How many rows there are.</param>
/// <param name="LeftOut">How many of them are left out because they do not fit, as the recipe says.</param>
internal sealed record CheckedRows(string Field, string Task, int Measured, int LeftOut);

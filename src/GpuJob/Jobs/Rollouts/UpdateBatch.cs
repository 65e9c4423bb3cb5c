using R1Cloud.GpuJob.Models;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>The rows that an update learns from, with their advantages.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="Advantages">One a row.</param>
internal sealed record UpdateBatch(IReadOnlyList<RolloutRow> Rows, IReadOnlyList<float> Advantages)
{
    /// <summary>Rows.</summary>
    public int Count => Rows.Count;

    /// <summary>A row as a sequence whose completion is scored.</summary>
    public TokenSequence Sequence(int row) => new([.. Rows[row].Prompt, .. Rows[row].Completion], Rows[row].Prompt.Length);

    /// <summary>
    /// Computes advantages over all rows, then leaves out what the recipe says: groups with equal rewards, completions that were cut off.
    /// </summary>
    /// <exception cref="BadInputException">The groups are not whole.</exception>
    public static UpdateBatch Create(IReadOnlyList<RolloutRow> rollouts, RlStage settings)
    {
        var rows = rollouts.OrderBy(row => row.Question).ToList(); // stable: samples keep their order
        if (rows.GroupBy(row => row.Question).FirstOrDefault(group => group.Count() != settings.GroupSize) is { } odd)
        {
            throw new BadInputException($"Question {odd.Key} has {odd.Count()} samples in the rollouts; the recipe's groupSize is {settings.GroupSize}.");
        }

        var advantages = Losses.Advantages.Compute([.. rows.Select(row => (double)row.Reward)], settings.GroupSize, settings.Loss.AdvantageScale);
        var equal = rows.GroupBy(row => row.Question).Where(group => group.All(row => row.Reward == group.First().Reward)).Select(group => group.Key).ToHashSet();
        var kept = Enumerable.Range(0, rows.Count)
            .Where(row => !(settings.Loss.DropEqualGroups && equal.Contains(rows[row].Question)))
            .Where(row => !(settings.Loss.MaskTruncated && rows[row].Truncated))
            .ToList();
        return new UpdateBatch([.. kept.Select(row => rows[row])], [.. kept.Select(row => advantages[row])]);
    }
}

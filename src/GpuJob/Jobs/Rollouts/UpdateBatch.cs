using R1Cloud.GpuJob.Models;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>The rows that an update learns from, with their advantages.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="Advantages">One a row.</param>
/// <param name="Unjudged">Rows left out because a reward could not judge them, or all others of their group.</param>
internal sealed record UpdateBatch(IReadOnlyList<RolloutRow> Rows, IReadOnlyList<float> Advantages, int Unjudged)
{
    /// <summary>Rows.</summary>
    public int Count => Rows.Count;

    /// <summary>A row as a sequence whose completion is scored.</summary>
    public TokenSequence Sequence(int row) => new([.. Rows[row].Prompt, .. Rows[row].Completion], Rows[row].Prompt.Length);

    /// <summary>
    /// Leaves out dropped rows and groups with fewer than 2 left, and with dynamic sampling all groups but the first useful ones, as many
    /// as the stage has questions; computes advantages over the others, then leaves out what the recipe says: groups with equal rewards,
    /// completions that were cut off.
    /// </summary>
    /// <exception cref="BadInputException">The groups are not whole.</exception>
    public static UpdateBatch Create(IReadOnlyList<RolloutRow> rollouts, RlStage settings)
    {
        var whole = rollouts.GroupBy(row => row.Question).OrderBy(group => group.Key).ToList(); // samples keep their order
        if (whole.Find(group => group.Count() != settings.GroupSize) is { } odd)
        {
            throw new BadInputException(
                $"Question {odd.Key} has {odd.Count()} samples in the rollouts; the recipe's groupSize is {settings.GroupSize}.");
        }

        var groups = whole.Select(group => group.Where(row => !row.Dropped).ToList()).Where(group => group.Count > 1).ToList();
        var unjudged = rollouts.Count - groups.Sum(group => group.Count);
        if (settings.DynamicSampling is not null) groups = [.. groups.Where(Differ).Take(settings.Questions)];
        var rows = groups.SelectMany(group => group).ToList();
        var advantages =
            Losses.Advantages.Compute([.. rows.Select(row => (double)row.Reward)], groups.Select(group => group.Count),
                settings.Loss.AdvantageScale, settings.Loss.AdvantageBaseline);
        var equal = groups.Where(group => !Differ(group)).Select(group => group[0].Question).ToHashSet();
        var kept = Enumerable.Range(0, rows.Count)
            .Where(row => !(settings.Loss.DropEqualGroups && equal.Contains(rows[row].Question)))
            .Where(row => !(settings.Loss.MaskTruncated && rows[row].Truncated))
            .ToList();
        return new UpdateBatch([.. kept.Select(row => rows[row])], [.. kept.Select(row => advantages[row])], unjudged);
    }

    /// <summary>
    /// Whether a question's samples do not all earn the same, those left out that could not be judged: only then an update can learn from
    /// them.
    /// </summary>
    public static bool IsUseful(IEnumerable<RolloutRow> group) => Differ([.. group.Where(row => !row.Dropped)]);

    private static bool Differ(List<RolloutRow> judged) => judged.Exists(row => row.Reward != judged[0].Reward);
}

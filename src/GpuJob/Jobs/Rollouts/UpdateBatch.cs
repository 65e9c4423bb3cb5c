using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Models;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>The rows that an update learns from, with their advantages.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="Advantages">One a row; the mean over its tokens where they have advantages of their own.</param>
/// <param name="Samples">The sample of its question that each row is.</param>
/// <param name="Unjudged">Rows left out because a reward could not judge them, or all others of their group.</param>
internal sealed record UpdateBatch(IReadOnlyList<RolloutRow> Rows, IReadOnlyList<float> Advantages, IReadOnlyList<int> Samples,
    int Unjudged)
{
    /// <summary>Rows.</summary>
    public int Count => Rows.Count;

    /// <summary>The advantages of each row's tokens; null where a row's are all the same.</summary>
    public IReadOnlyList<float[]>? TokenAdvantages { get; private init; }

    /// <summary>log π_ref of each row's tokens where advantages needed it; else null.</summary>
    public IReadOnlyList<float[]>? ReferenceLogProbs { get; private init; }

    /// <summary>A row as a sequence whose completion is scored.</summary>
    public TokenSequence Sequence(int row) => Rows[row].Sequence();

    /// <summary>
    /// Leaves out dropped rows and groups with fewer than 2 left, and with dynamic sampling all groups but the first useful ones, as many
    /// as the stage has questions; computes advantages over the others, then leaves out what the recipe says: groups with equal rewards,
    /// completions that were cut off.
    /// </summary>
    /// <param name="rollouts">All rows.</param>
    /// <param name="settings">The stage.</param>
    /// <param name="score">Gives log π_ref of rows' tokens; asked where the KL estimate is taken off the reward.</param>
    /// <exception cref="BadInputException">The groups are not whole.</exception>
    public static UpdateBatch Create(IReadOnlyList<RolloutRow> rollouts, RlStage settings,
        Func<IReadOnlyList<RolloutRow>, IReadOnlyList<float[]>>? score = null)
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
        var reference = settings.Loss.TakesKlOffReward() ? (score ?? throw new ArgumentNullException(nameof(score)))(rows) : null;
        var byToken = ByToken(rows, advantages, reference, settings.Loss);
        if (byToken is not null) advantages = [.. byToken.Select(tokens => tokens.Length > 0 ? tokens.Average() : 0)];
        var equal = groups.Where(group => !Differ(group)).Select(group => group[0].Question).ToHashSet();
        var kept = Enumerable.Range(0, rows.Count)
            .Where(row => !(settings.Loss.DropEqualGroups && equal.Contains(rows[row].Question)))
            .Where(row => !(settings.Loss.MaskTruncated && rows[row].Truncated))
            .ToList();
        var places = new Dictionary<RolloutRow, int>(ReferenceEqualityComparer.Instance);
        foreach (var (row, sample) in whole.SelectMany(group => group.Select((row, sample) => (row, sample)))) places.Add(row, sample);
        return new UpdateBatch([.. kept.Select(row => rows[row])], [.. kept.Select(row => advantages[row])],
            [.. kept.Select(row => places[rows[row]])], unjudged)
        {
            TokenAdvantages = byToken is null ? null : [.. kept.Select(row => byToken[row])],
            ReferenceLogProbs = reference is null ? null : [.. kept.Select(row => reference[row])],
        };
    }

    private static List<float[]>? ByToken(List<RolloutRow> rows, float[] advantages, IReadOnlyList<float[]>? reference,
        PolicyLossRecipe loss)
    {
        if (reference is null && loss.AdvantageScale != AdvantageScale.BatchTokens) return null;
        var byToken = rows.Select((row, i) => reference is null
            ? Enumerable.Repeat(advantages[i], row.Completion.Length).ToArray()
            : Losses.TokenAdvantages.LessPenalties(advantages[i], Penalties(row, reference[i], loss.KlEstimator), loss.KlWeight)).ToList();
        if (loss.AdvantageScale == AdvantageScale.BatchTokens) Losses.TokenAdvantages.Whiten(byToken);
        return byToken;
    }

    private static float[] Penalties(RolloutRow row, float[] reference, KlEstimator estimator)
    {
        using var _ = TorchSharp.torch.NewDisposeScope();
        return KlEstimators.Compute(estimator, TorchSharp.torch.tensor(row.LogProbs), TorchSharp.torch.tensor(reference)).data<float>()
            .ToArray();
    }

    /// <summary>
    /// Whether a question's samples do not all earn the same, those left out that could not be judged: only then an update can learn from
    /// them.
    /// </summary>
    public static bool IsUseful(IEnumerable<RolloutRow> group) => Differ([.. group.Where(row => !row.Dropped)]);

    private static bool Differ(List<RolloutRow> judged) => judged.Exists(row => row.Reward != judged[0].Reward);
}

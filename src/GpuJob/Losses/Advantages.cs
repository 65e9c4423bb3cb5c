using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Losses;

/// <summary>Group-relative advantages (DeepSeekMath, arXiv 2402.03300, section 4.1.2).</summary>
internal static class Advantages
{
    /// <summary>Added to a standard deviation before dividing, so that equal rewards give 0.</summary>
    public const double Epsilon = 1e-4;

    /// <summary>
    /// A_i = (r_i − b_i) / (σ + ε): b_i the mean of its group, or of the others of its group (leave-one-out, RLOO, arXiv 2402.14740), or 0;
    /// σ the sample standard deviation (n − 1) of the group or of the batch; not divided for <see cref="AdvantageScale.None"/>, nor for
    /// <see cref="AdvantageScale.BatchTokens"/>, which <see cref="TokenAdvantages"/> sees to. For <see cref="AdvantageScale.Mean"/>
    /// A_i = (r_i − b_i) / mean of the group (MaxRL): the fewer are right, the more each of them counts; 0 where none is.
    /// </summary>
    /// <param name="rewards">Rewards, group after group.</param>
    /// <param name="groupSize">Samples a group, at least 1; divides the count of rewards.</param>
    /// <param name="scale">What is divided by.</param>
    /// <param name="baseline">What is compared with.</param>
    /// <exception cref="ArgumentException">The groups are not whole, a group of one has no others, or a reward is not finite.</exception>
    /// <exception cref="BadInputException">A reward below 0 whose scale is the mean.</exception>
    public static float[] Compute(ReadOnlySpan<double> rewards, int groupSize, AdvantageScale scale,
        AdvantageBaseline baseline = AdvantageBaseline.GroupMean)
    {
        Check(rewards, groupSize);
        return Compute(rewards, Enumerable.Repeat(groupSize, rewards.Length / groupSize), scale, baseline);
    }

    /// <summary>The same over groups of different sizes, as they are where samples were left out.</summary>
    /// <param name="rewards">Rewards, group after group.</param>
    /// <param name="groupSizes">Samples of each group; their sum is the count of rewards.</param>
    /// <param name="scale">What is divided by.</param>
    /// <param name="baseline">What is compared with.</param>
    /// <exception cref="ArgumentException">The groups do not add up, a group of one has no others, or a reward is not finite.</exception>
    /// <exception cref="BadInputException">A reward below 0 whose scale is the mean.</exception>
    public static float[] Compute(ReadOnlySpan<double> rewards, IEnumerable<int> groupSizes, AdvantageScale scale,
        AdvantageBaseline baseline = AdvantageBaseline.GroupMean)
    {
        Check(rewards, groupSize: 1);
        var (advantages, others) = (new float[rewards.Length], baseline == AdvantageBaseline.LeaveOneOut);
        var (batch, start) = (scale == AdvantageScale.Batch ? Deviation(rewards) : 0, 0);
        foreach (var size in groupSizes)
        {
            if (size < (others ? 2 : 1) || start + size > rewards.Length)
                throw new ArgumentException($"A group of {size} at reward {start} of {rewards.Length}.", nameof(groupSizes));
            var group = rewards.Slice(start, size);
            var mean = Mean(group);
            var compared = baseline == AdvantageBaseline.None ? 0 : mean;
            var divisor = scale switch
            {
                AdvantageScale.Group => Deviation(group) + Epsilon,
                AdvantageScale.Batch => batch + Epsilon,
                AdvantageScale.Mean => Share(group, mean),
                _ => 1,
            };
            var factor = others ? size / (size - 1.0) : 1; // r − mean of the others = n / (n − 1) × (r − mean of all)
            for (var i = 0; i < group.Length; i++) advantages[start + i] = (float)((group[i] - compared) * factor / divisor);
            start += size;
        }
        return start == rewards.Length
            ? advantages : throw new ArgumentException($"The groups hold {start} of {rewards.Length} rewards.", nameof(groupSizes));
    }

    private static void Check(ReadOnlySpan<double> rewards, int groupSize)
    {
        if (groupSize < 1 || rewards.Length % groupSize != 0)
            throw new ArgumentException($"{rewards.Length} rewards are not whole groups of {groupSize}.", nameof(groupSize));
        foreach (var reward in rewards)
        {
            if (!double.IsFinite(reward)) throw new ArgumentException($"A reward is {reward}; rewards are finite.", nameof(rewards));
        }
    }

    private static double Share(ReadOnlySpan<double> group, double mean)
    {
        foreach (var reward in group)
        {
            if (reward < 0)
                throw new BadInputException(
                    FormattableString.Invariant($"A reward is {reward}; advantageScale mean needs rewards from 0."));
        }
        return mean > 0 ? mean : 1; // all are 0, and so are their advantages
    }

    private static double Mean(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (var value in values) sum += value;
        return sum / values.Length;
    }

    private static double Deviation(ReadOnlySpan<double> values)
    {
        if (values.Length < 2) return 0;
        double mean = Mean(values), sum = 0;
        foreach (var value in values) sum += (value - mean) * (value - mean);
        return Math.Sqrt(sum / (values.Length - 1));
    }
}

using System.Globalization;

namespace R1Cloud.Shared.Jobs;

/// <summary>Deterministic job ids: the same work has the same id however often it is submitted.</summary>
public static class JobId
{
    /// <summary><c>{stage}/{iteration:D6}/{kind}/{shard}</c>.</summary>
    /// <param name="stage">The stage's name, with <c>~n</c> appended when it is run again for the n-th time.</param>
    /// <param name="iteration">The iteration, from 0.</param>
    /// <param name="kind">The job's kind.</param>
    /// <param name="shard">The shard, from 0.</param>
    public static string Create(string stage, int iteration, string kind, int shard = 0) =>
        string.Create(CultureInfo.InvariantCulture, $"{stage}/{iteration:D6}/{kind}/{shard}");
}

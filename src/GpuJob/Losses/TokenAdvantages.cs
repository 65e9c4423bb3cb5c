namespace R1Cloud.GpuJob.Losses;

/// <summary>Advantages that differ within a completion (REINFORCE++, arXiv 2501.03262, section 3).</summary>
internal static class TokenAdvantages
{
    /// <summary>A_t = A − β Σ k_i over the tokens i from t on: a token answers for its own penalty and for those that follow it.</summary>
    /// <param name="advantage">The completion's advantage A.</param>
    /// <param name="penalties">The penalty k of each of its tokens.</param>
    /// <param name="weight">β.</param>
    public static float[] LessPenalties(float advantage, IReadOnlyList<float> penalties, double weight)
    {
        var (advantages, following) = (new float[penalties.Count], 0.0);
        for (var token = penalties.Count - 1; token >= 0; token--)
            advantages[token] = (float)(advantage - weight * (following += penalties[token]));
        return advantages;
    }

    /// <summary>
    /// (A − mean) / (σ + ε) over all tokens of all completions, σ the sample standard deviation (n − 1) and ε
    /// <see cref="Advantages.Epsilon"/>. In place.
    /// </summary>
    public static void Whiten(IReadOnlyList<float[]> advantages)
    {
        var count = advantages.Sum(row => (long)row.Length);
        if (count == 0) return;
        var mean = advantages.Sum(row => row.Sum(value => (double)value)) / count;
        var squares = advantages.Sum(row => row.Sum(value => (value - mean) * (value - mean)));
        var divisor = Math.Sqrt(squares / Math.Max(1, count - 1)) + Advantages.Epsilon;
        foreach (var row in advantages)
        {
            for (var token = 0; token < row.Length; token++) row[token] = (float)((row[token] - mean) / divisor);
        }
    }
}

namespace R1Cloud.Shared.Memory;

/// <summary>
/// Logits that scoring has at once. A chunk rewrites the head's gradient, so more are faster; each takes 12 bytes: itself, its
/// probability and its gradient. How many decides the last bits of gradients: so neither what is free nor who else computes has a part.
/// </summary>
public static class LogitsAtOnce
{
    /// <summary>On a CPU.</summary>
    public const long OnCpu = 1 << 24;

    /// <summary>On a GPU: 1.6 GB, 880 positions of a vocabulary of 152,000.</summary>
    public const long OnGpu = 1 << 27;
}

using R1Cloud.GpuJob.Models;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>Chooses experts for a token from its logits, as <see cref="ExpertRouter"/> does.</summary>
internal sealed class SimdRouter(ExpertsConfig settings)
{
    private readonly float[] scores = new float[settings.Routed], corrected = new float[settings.Routed],
        strengths = new float[settings.Groups];

    /// <summary>Chooses.</summary>
    /// <param name="logits">[routed].</param>
    /// <param name="correction">Added for the choice alone; null for none.</param>
    /// <param name="weights">[routed]: filled with the weights of those chosen, 0 for the others.</param>
    public void Choose(ReadOnlySpan<float> logits, float[]? correction, Span<float> weights)
    {
        Score(logits);
        for (var i = 0; i < scores.Length; i++) corrected[i] = scores[i] + (correction?[i] ?? 0);
        if (settings.ChosenGroups < settings.Groups) CloseGroups();
        weights.Clear();
        Span<int> chosen = stackalloc int[settings.PerToken];
        Largest(corrected, chosen);
        // Experts of closed groups count 0 alike: which of them torch takes where others are below 0, only torch knows.
        if (settings.ChosenGroups < settings.Groups && corrected[chosen[^1]] == 0) AskTorch(chosen);
        var total = 0f;
        foreach (var expert in chosen) total += scores[expert];
        var divisor = !settings.Normalize ? 1 : settings.Scoring == ExpertScoring.Sigmoid ? total + 1e-20f : total;
        foreach (var expert in chosen) weights[expert] = scores[expert] / divisor * (float)settings.Scale;
    }

    private void Score(ReadOnlySpan<float> logits)
    {
        if (settings.Scoring == ExpertScoring.Sigmoid)
        {
            for (var i = 0; i < scores.Length; i++) scores[i] = 1 / (1 + MathF.Exp(-logits[i]));
            return;
        }
        var (largest, total) = (float.NegativeInfinity, 0f);
        foreach (var logit in logits) largest = MathF.Max(largest, logit);
        for (var i = 0; i < scores.Length; i++) total += scores[i] = MathF.Exp(logits[i] - largest);
        for (var i = 0; i < scores.Length; i++) scores[i] /= total;
    }

    // A group is as good as its two best experts; those of other groups count 0.
    private void CloseGroups()
    {
        var size = settings.Routed / settings.Groups;
        Span<int> best = stackalloc int[Math.Min(2, size)], open = stackalloc int[settings.ChosenGroups];
        for (var group = 0; group < settings.Groups; group++)
        {
            ReadOnlySpan<float> members = corrected.AsSpan(group * size, size);
            Largest(members, best);
            strengths[group] = 0;
            foreach (var expert in best) strengths[group] += members[expert];
        }
        Largest(strengths, open);
        for (var group = 0; group < settings.Groups; group++)
        {
            if (!open.Contains(group)) corrected.AsSpan(group * size, size).Clear();
        }
    }

    private void AskTorch(Span<int> chosen)
    {
        using var scope = NewDisposeScope();
        var places = tensor(corrected, [1, corrected.Length]).topk(chosen.Length, -1, sorted: false).indexes.data<long>();
        for (var i = 0; i < chosen.Length; i++) chosen[i] = (int)places[i];
    }

    // The places of the largest numbers, in descending order; of equal ones the first.
    private static void Largest(ReadOnlySpan<float> numbers, Span<int> places)
    {
        var count = 0;
        for (var i = 0; i < numbers.Length; i++)
        {
            if (count == places.Length && !(numbers[i] > numbers[places[^1]])) continue;
            var at = count < places.Length ? count++ : count - 1;
            for (; at > 0 && numbers[i] > numbers[places[at - 1]]; at--) places[at] = places[at - 1];
            places[at] = i;
        }
    }
}

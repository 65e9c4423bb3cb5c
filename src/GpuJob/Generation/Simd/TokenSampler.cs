using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics.Simd;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>A drawn token.</summary>
/// <param name="Token">Its id.</param>
/// <param name="LogProb">Under the distribution drawn from; 0 when greedy.</param>
/// <param name="PolicyLogProb">Under the plain policy.</param>
internal readonly record struct DrawnToken(int Token, float LogProb, float PolicyLogProb);

/// <summary>
/// Draws a token from logits: temperature, then top-k, top-p and min-p (the same tokens as <see cref="TorchSampling"/> keeps), then the
/// first token whose cumulative probability exceeds the noise.
/// </summary>
internal sealed unsafe class TokenSampler<TVector, TLanes>(int vocabulary, SamplingRecipe sampling, IReadOnlyList<int>? unused = null)
    : IDisposable
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    private readonly int padded = Align.Up(vocabulary, TLanes.Count);
    private readonly FloatBuffer policy = new(Align.Up(vocabulary, TLanes.Count)), sampled = new(Align.Up(vocabulary, TLanes.Count));
    private readonly int[] order = new int[vocabulary];
    private readonly float[] keys = new float[vocabulary];

    /// <summary>Draws.</summary>
    /// <param name="logits">[vocabulary]; those of ids of no token become −∞.</param>
    /// <param name="noise">Uniform in [0, 1).</param>
    /// <returns>The token; with a log-probability that is not finite where the logits are not.</returns>
    public DrawnToken Draw(float* logits, double noise)
    {
        foreach (var id in unused ?? []) logits[id] = float.NegativeInfinity;
        var largest = RowKernels<TVector, TLanes>.Largest(logits, vocabulary);
        var policyTotal = Exponentials(logits, largest, 1, policy.Pointer);
        if (sampling.Temperature == 0)
        {
            var best = new ReadOnlySpan<float>(logits, vocabulary).IndexOf(largest);
            return new DrawnToken(best, 0, (float)-Math.Log(policyTotal));
        }

        var inverse = (float)(1 / sampling.Temperature);
        var p = policy.Pointer;
        var total = policyTotal;
        if (inverse != 1) total = Exponentials(logits, largest, inverse, p = sampled.Pointer);
        if (sampling.TopK > 0 && sampling.TopK < vocabulary) total = KeepMostLikely(logits, p);
        if (sampling.TopP < 1) total = KeepNucleus(p, total);
        if (sampling.MinP > 0) total = KeepAbove(p, (float)sampling.MinP);

        var threshold = noise * total;
        double cumulative = 0;
        var token = -1;
        for (var i = 0; i < vocabulary; i++)
        {
            if (p[i] == 0) continue;
            token = i;
            cumulative += p[i];
            if (cumulative > threshold) break;
        }
        if (token < 0) return new DrawnToken(token, float.NaN, float.NaN);
        return new DrawnToken(token, (float)(((logits[token] - largest) * (double)inverse) - Math.Log(total)),
            (float)(logits[token] - largest - Math.Log(policyTotal)));
    }

    // exp((logit − largest) · factor) of every token; returns their sum.
    private double Exponentials(float* logits, float largest, float factor, float* target)
    {
        new ReadOnlySpan<float>(logits, vocabulary).CopyTo(new Span<float>(target, vocabulary));
        for (var i = vocabulary; i < padded; i++) target[i] = float.NegativeInfinity;
        RowKernels<TVector, TLanes>.ExpSum(target, padded, largest, factor);
        return Sum(target);
    }

    // Top-k: everything below the k-th largest logit goes; ties with it stay.
    private double KeepMostLikely(float* logits, float* p)
    {
        var best = new PriorityQueue<float, float>();
        for (var i = 0; i < vocabulary; i++)
        {
            if (best.Count < sampling.TopK) best.Enqueue(logits[i], logits[i]);
            else if (logits[i] > best.Peek()) best.EnqueueDequeue(logits[i], logits[i]);
        }
        var least = best.Peek();
        for (var i = 0; i < vocabulary; i++)
        {
            if (logits[i] < least) p[i] = 0;
        }
        return Sum(p);
    }

    // Top-p: from the least likely up, tokens go while their sum stays within 1 − p. Tokens so small that all of them together fit are not
    // sorted.
    private double KeepNucleus(float* p, double total)
    {
        var budget = (1 - sampling.TopP) * total;
        var negligible = budget / vocabulary;
        double dropped = 0;
        var count = 0;
        for (var i = 0; i < vocabulary; i++)
        {
            if (p[i] < negligible)
            {
                dropped += p[i];
                p[i] = 0;
            }
            else
            {
                (order[count], keys[count]) = (i, p[i]);
                count++;
            }
        }
        Array.Sort(keys, order, 0, count);
        for (var i = 0; i < count - 1 && dropped + keys[i] <= budget; i++)
        {
            dropped += keys[i];
            p[order[i]] = 0;
        }
        return Sum(p);
    }

    // Min-p: tokens less likely than the given share of the most likely go.
    private double KeepAbove(float* p, float share)
    {
        var least = share * RowKernels<TVector, TLanes>.Largest(p, vocabulary);
        for (var i = 0; i < vocabulary; i++)
        {
            if (p[i] < least) p[i] = 0;
        }
        return Sum(p);
    }

    private double Sum(float* p)
    {
        double sum = 0;
        for (var i = 0; i < vocabulary; i++) sum += p[i];
        return sum;
    }

    public void Dispose()
    {
        policy.Dispose();
        sampled.Dispose();
    }
}

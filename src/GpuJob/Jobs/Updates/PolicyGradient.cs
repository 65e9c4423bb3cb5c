using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>Adds up the gradient of the policy loss in the policy's parameters.</summary>
/// <param name="plan">The rows.</param>
/// <param name="settings">The stage.</param>
/// <param name="policy">The policy.</param>
/// <param name="reference">The reference of the KL term, if any.</param>
internal sealed class PolicyGradient(UpdatePlan plan, RlStage settings, CausalLm policy, CausalLm? reference)
{
    private readonly PolicyLossOptions loss = PolicyLossOptions.From(settings.Loss, settings.Sampling.MaxNewTokens);

    private readonly UpdatePlan plan = TokensOnly(plan, policy);

    /// <summary>
    /// Adds the part of a step's gradient, and of its metrics, that some of its rows make. The parts of a step sum to the whole.
    /// </summary>
    /// <param name="step">The step: its mini-batch is what losses are averaged over.</param>
    /// <param name="rows">Rows of that mini-batch.</param>
    /// <param name="sums">Where metrics are added.</param>
    /// <param name="watch">Told what must be finite.</param>
    public void Add(int step, int[] rows, MetricSums sums, FiniteWatch watch)
    {
        using var _ = NewDisposeScope();
        var miniBatch = plan.Steps[step];
        var (totalRows, totalTokens) = ((double)miniBatch.Length, (double)miniBatch.Sum(row => plan.Batch.Rows[row].Completion.Length));
        var parts = plan.MicroBatches(rows).ToList();
        var threshold = loss.HighEntropyShare < 1 && (parts.Count > 1 || rows.Length < miniBatch.Length)
            ? EntropyThreshold(miniBatch) : (double?)null;
        foreach (var part in parts)
        {
            using var inner = NewDisposeScope();
            using var tokens = TokenBatch.Create([.. part.Select(row => plan.Batch.Sequence(row))], policy.Device);
            var scores = policy.TokenLogProbs(tokens, settings.Sampling);
            var scored = reference is null ? null : Score(reference, tokens);
            var result = PolicyLosses.Compute(loss, new PolicyLossInput
            {
                LogProbs = scores.LogProbs,
                OldLogProbs = tokens.Lay([.. part.Select(row => plan.Batch.Rows[row].LogProbs)]),
                ReferenceLogProbs = scored,
                Entropy = scores.Entropy,
                EntropyThreshold = threshold,
                Advantages = tensor(part.Select(row => plan.Batch.Advantages[row]).ToArray(), device: policy.Device),
                Mask = tokens.Mask,
                TotalRows = totalRows,
                TotalTokens = totalTokens,
            });
            watch.Add(step, "the sum of the policy's log-probabilities", scores.LogProbs.sum());
            if (scored is not null) watch.Add(step, "the sum of the reference's log-probabilities", scored.sum());
            watch.Add(step, "the loss", result.Loss);
            result.Loss.backward();
            sums.Add(result.Metrics);
            sums.Add(MetricNames.Loss, result.Loss);
        }
    }

    // Our own sampling never draws such an id; another engine might.
    private static UpdatePlan TokensOnly(UpdatePlan plan, CausalLm policy)
    {
        if (policy.Unused.Count == 0) return plan;
        var unused = policy.Unused.ToHashSet();
        foreach (var row in plan.Batch.Rows)
        {
            if (Array.FindIndex(row.Completion, unused.Contains) is >= 0 and var at)
                throw new BadInputException(
                    $"A completion of question {row.Question} has the id {row.Completion[at]}, which is no token of the policy's "
                    + $"tokenizer: what sampled it does not leave such ids out.");
        }
        return plan;
    }

    // The share is of the whole mini-batch's tokens, of which these rows may be a part: the policy looks at all of them once more.
    private double EntropyThreshold(int[] miniBatch)
    {
        using var _ = no_grad();
        var entropies = new List<float>();
        foreach (var part in plan.MicroBatches(miniBatch))
        {
            using var scope = NewDisposeScope();
            using var tokens = TokenBatch.Create([.. part.Select(row => plan.Batch.Sequence(row))], policy.Device);
            entropies.AddRange(policy.TokenLogProbs(tokens, settings.Sampling).Entropy.masked_select(tokens.Mask > Scalars.Zero).cpu()
                .data<float>().ToArray());
        }
        return PolicyLosses.EntropyThreshold([.. entropies], loss.HighEntropyShare);
    }

    private Tensor Score(CausalLm model, TokenBatch tokens)
    {
        using var _ = no_grad();
        return model.TokenLogProbs(tokens, settings.Sampling).LogProbs;
    }
}

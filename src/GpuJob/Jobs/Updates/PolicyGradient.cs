using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Models;
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

    /// <summary>Adds the part of a step's gradient, and of its metrics, that some of its rows make. The parts of a step sum to the whole.</summary>
    /// <param name="step">The step: its mini-batch is what losses are averaged over.</param>
    /// <param name="rows">Rows of that mini-batch.</param>
    /// <param name="sums">Where metrics are added.</param>
    public void Add(int step, int[] rows, MetricSums sums)
    {
        using var _ = NewDisposeScope();
        var miniBatch = plan.Steps[step];
        var (totalRows, totalTokens) = ((double)miniBatch.Length, (double)miniBatch.Sum(row => plan.Batch.Rows[row].Completion.Length));
        foreach (var part in plan.MicroBatches(rows))
        {
            using var inner = NewDisposeScope();
            using var tokens = TokenBatch.Create([.. part.Select(row => plan.Batch.Sequence(row))], policy.Device);
            var scores = policy.TokenLogProbs(tokens, settings.Sampling);
            var result = PolicyLosses.Compute(loss, new PolicyLossInput
            {
                LogProbs = scores.LogProbs,
                OldLogProbs = tokens.Lay([.. part.Select(row => plan.Batch.Rows[row].LogProbs)]),
                ReferenceLogProbs = reference is null ? null : Score(reference, tokens),
                Entropy = scores.Entropy,
                Advantages = tensor(part.Select(row => plan.Batch.Advantages[row]).ToArray(), device: policy.Device),
                Mask = tokens.Mask,
                TotalRows = totalRows,
                TotalTokens = totalTokens,
            });
            result.Loss.backward();
            sums.Add(result.Metrics);
            sums.Add(MetricNames.Loss, result.Loss);
        }
    }

    private Tensor Score(CausalLm model, TokenBatch tokens)
    {
        using var _ = no_grad();
        return model.TokenLogProbs(tokens, settings.Sampling).LogProbs;
    }
}

using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>Adds up the gradient of the policy loss in the policy's parameters.</summary>
/// <param name="plan">The rows.</param>
/// <param name="settings">The stage.</param>
/// <param name="policy">The policy.</param>
/// <param name="frozen">The reference and the teacher, if any.</param>
internal sealed class PolicyGradient(UpdatePlan plan, RlStage settings, CausalLm policy, FrozenModels frozen)
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
        var (reference, teacher) = frozen;
        var miniBatch = plan.Steps[step];
        var (totalRows, totalTokens) = ((double)miniBatch.Length, (double)miniBatch.Sum(row => plan.Batch.Rows[row].Completion.Length));
        var parts = plan.MicroBatches(rows).ToList();
        var threshold = loss.HighEntropyShare < 1 && (parts.Count > 1 || rows.Length < miniBatch.Length)
            ? EntropyThreshold(miniBatch) : (double?)null;
        foreach (var part in parts)
        {
            using var inner = NewDisposeScope();
            using var tokens = TokenBatch.Create([.. part.Select(row => plan.Batch.Sequence(row))], policy.Device);
            // A divergence of distributions needs the logits; everything else the sampled tokens alone.
            var logits = teacher is not null && settings.Teacher!.Loss == DistillationLoss.Jsd
                ? policy.TokenLogits(tokens, settings.Sampling.Temperature) : null;
            var scores = logits is null ? policy.TokenLogProbs(tokens, settings.Sampling) : tokens.Scores(logits);
            var scored = plan.Batch.ReferenceLogProbs is { } known ? tokens.Lay([.. part.Select(row => known[row])])
                : reference is null ? null : Score(reference, tokens);
            var result = PolicyLosses.Compute(loss, new PolicyLossInput
            {
                LogProbs = scores.LogProbs,
                OldLogProbs = tokens.Lay([.. part.Select(row => plan.Old?.LogProbs[row] ?? plan.Batch.Rows[row].LogProbs)]),
                TokenWeights = plan.Old?.Weights is { } weights ? tokens.Lay([.. part.Select(row => weights[row])]) : null,
                ReferenceLogProbs = scored,
                TeacherLogProbs = teacher is null || logits is not null ? null : Score(teacher, tokens),
                TeacherWeight = settings.Teacher?.Weight ?? 0,
                Entropy = scores.Entropy,
                EntropyThreshold = threshold,
                Advantages = plan.Batch.TokenAdvantages is { } byToken ? tokens.Lay([.. part.Select(row => byToken[row])])
                    : tensor(part.Select(row => plan.Batch.Advantages[row]).ToArray(), device: policy.Device),
                Mask = tokens.Mask,
                TotalRows = totalRows,
                TotalTokens = totalTokens,
            });
            watch.Add(step, "the sum of the policy's log-probabilities", scores.LogProbs.sum());
            if (scored is not null) watch.Add(step, "the sum of the reference's log-probabilities", scored.sum());
            var total = result.Loss;
            if (logits is not null)
            {
                var divergence = Divergence(teacher!, tokens, logits, totalTokens);
                sums.Add(MetricNames.TeacherJsd, divergence);
                total = total.add(divergence, Scalars.Of(settings.Teacher!.Weight));
            }
            watch.Add(step, "the loss", total);
            total.backward();
            sums.Add(result.Metrics);
            sums.Add(MetricNames.Loss, total);
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

    // This part of the mini-batch's mean over tokens.
    private Tensor Divergence(CausalLm teacher, TokenBatch tokens, Tensor logits, double totalTokens)
    {
        Tensor given;
        using (no_grad()) given = teacher.TokenLogits(tokens, settings.Sampling.Temperature);
        // Ids beyond both vocabularies, by which published models are padded differently, have no probability.
        var width = Math.Min(logits.shape[1], given.shape[1]);
        (logits, given) = (logits.narrow(1, 0, width), given.narrow(1, 0, width));
        var divergence = DistillationLosses.GeneralizedJsd(logits, given, settings.Teacher!.Beta, settings.Teacher.TopK).sum();
        return Scalars.Use(Math.Max(1, totalTokens), count => divergence / count);
    }

    private Tensor Score(CausalLm model, TokenBatch tokens)
    {
        using var _ = no_grad();
        return model.TokenLogProbs(tokens, settings.Sampling).LogProbs;
    }
}

using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Scoring;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Supervised;

/// <summary>What a supervised training lowers, by the kind of its rows.</summary>
/// <typeparam name="TRow">A row: what has a loss of its own.</typeparam>
internal interface ISupervisedObjective<in TRow>
{
    /// <summary>A row's part in the mean over a batch, e.g. its scored tokens.</summary>
    int Weight(TRow row);

    /// <summary>Tokens of a row in all.</summary>
    int Length(TRow row);

    /// <summary>Loss and figures of rows in one pass, each the sum that, divided by the batch's weight, gives its mean.</summary>
    ObjectiveSums Compute(CausalLm model, IReadOnlyList<TRow> rows);
}

/// <summary>Sums over rows.</summary>
/// <param name="Loss">Differentiable scalar.</param>
/// <param name="Metrics">Scalars by the field's names.</param>
internal sealed record ObjectiveSums(Tensor Loss, IReadOnlyDictionary<string, Tensor> Metrics)
{
    /// <summary>A loss alone.</summary>
    public ObjectiveSums(Tensor loss)
        : this(loss, new Dictionary<string, Tensor>())
    {
    }
}

/// <summary>Cross-entropy of the completion's tokens: the mean is over tokens.</summary>
internal sealed class NextTokens : ISupervisedObjective<TrainingRow>
{
    /// <inheritdoc/>
    public int Weight(TrainingRow row) => row.Completion.Length;

    /// <inheritdoc/>
    public int Length(TrainingRow row) => row.Length;

    /// <inheritdoc/>
    public ObjectiveSums Compute(CausalLm model, IReadOnlyList<TrainingRow> rows)
    {
        using var batch =
            TokenBatch.Create([.. rows.Select(row => new TokenSequence([.. row.Prompt, .. row.Completion], row.Prompt.Length))],
                model.Device);
        return new(-model.TokenLogProbs(batch).LogProbs.sum());
    }
}

using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// Reward models: a <see cref="CausalLm"/> with a scalar head (<c>score.weight</c> [1, hidden], as transformers' …ForSequenceClassification
/// with one label), which reads a sequence's score off its last token.
/// </summary>
internal static class RewardModel
{
    /// <summary>A reward model with a language model's trunk and a fresh head.</summary>
    /// <param name="languageModel">The model; it stays as it is.</param>
    /// <param name="seed">Decides the head's weights.</param>
    /// <param name="placement">Where it lives; null for float32 where the language model is.</param>
    public static CausalLm Create(CausalLm languageModel, ulong seed, Placement? placement = null)
    {
        var model = CausalLm.Create(languageModel.Config with { ScoreHead = true },
            placement ?? new Placement(languageModel.Device) { Devices = languageModel.Layers.Devices }, seed);
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var trunk = languageModel.Weights.ToDictionary(weight => weight.Name, weight => weight.Tensor, StringComparer.Ordinal);
        foreach (var (name, weight) in model.Weights)
        {
            if (trunk.TryGetValue(name, out var trained)) weight.copy_(trained);
        }
        model.Publish();
        return model;
    }

    /// <summary>Scores of whole sequences, differentiable: float32 [N] in the order given.</summary>
    /// <param name="model">A model with a scalar head.</param>
    /// <param name="sequences">Token ids, the end mark last.</param>
    public static Tensor Scores(this CausalLm model, IReadOnlyList<int[]> sequences)
    {
        using var scope = NewDisposeScope();
        // A batch leaves out each sequence's last token, which nothing follows: here the score is read there, so one more stands behind it.
        using var batch = TokenBatch.Create([.. sequences.Select(ids => new TokenSequence([.. ids, ids[^1]], ids.Length))], model.Device);
        return model.Project(model.Hidden(batch.Layout).index_select(0, batch.Sources)).view(-1).MoveToOuterDisposeScope();
    }
}

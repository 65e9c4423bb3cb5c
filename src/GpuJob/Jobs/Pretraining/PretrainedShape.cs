using R1Cloud.GpuJob.Models;
using R1Cloud.Shared.Recipes;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Jobs.Pretraining;

/// <summary>
/// The architecture that a recipe's shape means: with latent attention DeepSeek-V3's, with experts alone Qwen3's, else Llama's.
/// </summary>
internal static class PretrainedShape
{
    /// <summary>The model's configuration.</summary>
    public static ModelConfig Config(ModelShape shape, SymbolTokenizer tokenizer)
    {
        var config = new ModelConfig
        {
            ModelType = shape.Latent is not null ? "deepseek_v3" : shape.Experts is not null ? "qwen3_moe" : "llama",
            HiddenSize = shape.HiddenSize,
            Layers = shape.Layers,
            Heads = shape.Heads,
            KvHeads = shape.KvHeads,
            HeadDim = shape.Latent?.RotaryWidth ?? shape.HiddenSize / shape.Heads,
            IntermediateSize = shape.IntermediateSize,
            VocabularySize = tokenizer.VocabularySize,
            Rope = new() { Theta = shape.RopeTheta },
            MaxPositions = shape.MaxPositions,
            TieWordEmbeddings = true,
            BosTokenId = tokenizer.BosId,
            EosTokenIds = [tokenizer.EosId],
            PadTokenId = tokenizer.PadId,
        };
        return config with
        {
            QkNorm = config.Architecture.QkNorm,
            Latent = shape.Latent is { } latent
                ? new(latent.QueryRank, latent.KeyValueRank, latent.PlainWidth, latent.RotaryWidth, latent.ValueWidth, Interleaved: true)
                : null,
            Experts = shape.Experts is { } experts ? Mixture(experts, shape) : null,
        };
    }

    /// <summary>What keeps the experts' load even; null without experts.</summary>
    public static BalanceWeights? Balance(ModelShape shape) =>
        shape.Experts is not { } experts ? null
        : shape.Latent is null ? new(0, 0, experts.AuxiliaryLoss ?? 0.001)
        : new(experts.BiasStep ?? 0.001, experts.SequenceLoss ?? 0.0001, 0);

    private static ExpertsConfig Mixture(ExpertsShape experts, ModelShape shape)
    {
        var groups = experts.Groups ?? 1;
        return shape.Latent is null
            ? new(experts.Count, 0, experts.PerToken, experts.IntermediateSize, 0, 1, 1, Normalize: true, Scale: 1)
            {
                Scoring = ExpertScoring.Softmax, DenseLayers = new(Enumerable.Range(0, experts.DenseLayers)),
            }
            : new(experts.Count, experts.Shared ?? 1, experts.PerToken, experts.IntermediateSize, experts.DenseLayers, groups,
                experts.ChosenGroups ?? groups, Normalize: true, Scale: 1);
    }
}

using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Models;

/// <summary>A decoder's shape, read from and written to a Hugging Face style <c>config.json</c>. Two that say the same are equal.</summary>
internal sealed record ModelConfig
{
    /// <summary>The file's name inside a model folder.</summary>
    public const string FileName = "config.json";

    /// <summary>The architecture: a name that <see cref="Architectures"/> knows.</summary>
    public required string ModelType { get; init; }
    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }
    /// <summary>Decoder layers.</summary>
    public required int Layers { get; init; }
    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }
    /// <summary>Key/value heads; divides the query heads.</summary>
    public required int KvHeads { get; init; }
    /// <summary>
    /// Width of one head; hidden size / heads where a file does not say. With <see cref="Latent"/> the part of a head that is rotated.
    /// Even.
    /// </summary>
    public required int HeadDim { get; init; }
    /// <summary>Multi-head latent attention (DeepSeek), or null for plain heads.</summary>
    public LatentAttentionConfig? Latent { get; init; }
    /// <summary>Mixture of experts, or null where every layer is dense.</summary>
    public ExpertsConfig? Experts { get; init; }
    /// <summary>Whether queries and keys are normalised before they are rotated: each head, or all together where the architecture says
    /// so.</summary>
    public bool QkNorm { get; init; }
    /// <summary>Attention scores are divided by the root of this; null for the head's width.</summary>
    public double? QueryScalar { get; init; }
    /// <summary>Layers that see a window only, or null where all see the whole past.</summary>
    public SlidingWindow? Sliding { get; init; }
    /// <summary>Width of the SwiGLU layer.</summary>
    public required int IntermediateSize { get; init; }
    /// <summary>Token ids are below this.</summary>
    public required int VocabularySize { get; init; }
    /// <summary>ε of RMSNorm.</summary>
    public double RmsNormEps { get; init; } = 1e-6;
    /// <summary>The rotary embedding.</summary>
    public RopeConfig Rope { get; init; } = new();
    /// <summary>That of sliding layers, where the architecture gives them their own; else null.</summary>
    public RopeConfig? LocalRope { get; init; }
    /// <summary>The share of a head that is rotated.</summary>
    public double RotatedShare { get; init; } = 1;
    /// <summary>The length trained before a stretch, where files have it beside the rotary settings.</summary>
    public int? OriginalMaxPositions { get; init; }
    /// <summary>Longest sequence in tokens; a file must say it.</summary>
    public int MaxPositions { get; init; } = 2048;
    /// <summary>Whether the output projection is the embedding matrix: one tensor, one gradient.</summary>
    public bool TieWordEmbeddings { get; init; }
    /// <summary>
    /// Whether a scalar head stands in place of the output projection: a reward model (transformers' …ForSequenceClassification with one
    /// label).
    /// </summary>
    public bool ScoreHead { get; init; }
    /// <summary>Whether the query, key and value projections have a bias; with <see cref="Latent"/>, the first, lowering ones.</summary>
    public bool QkvBias { get; init; }
    /// <summary>Whether the attention's output projection has a bias (<c>attention_bias</c>).</summary>
    public bool OutputBias { get; init; }
    /// <summary>Whether the dense feed-forward blocks' projections have a bias.</summary>
    public bool MlpBias { get; init; }
    /// <summary>Standard deviation of fresh weights; null for 0.506/√hidden, which is the customary 0.02 at width 640.</summary>
    public double? InitializerRange { get; init; }
    /// <summary>
    /// Layers behind the last that a checkpoint may hold to predict further tokens (<c>num_nextn_predict_layers</c>); not used and not
    /// kept.
    /// </summary>
    public int NextTokenLayers { get; init; }
    /// <summary>Rows and columns that share a scale where weights are stored in 8 bits; null where the file does not say.</summary>
    public (int Rows, int Columns)? Float8Block { get; init; }
    /// <summary>Begin-of-sequence id, if any.</summary>
    public int? BosTokenId { get; init; }
    /// <summary>End-of-sequence ids.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init => field = new ValueList<int>(value); } = new ValueList<int>([]);
    /// <summary>Padding id, if any.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>Reads <c>config.json</c> from a model folder.</summary>
    /// <exception cref="BadInputException">Names the file, field, value and what is allowed.</exception>
    public static ModelConfig Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new BadInputException($"{path}: there is no such file; a model folder has a {FileName}.");
        return Parse(ModelFile.Read(path), path);
    }

    /// <summary>Reads a configuration.</summary>
    /// <param name="json">UTF-8 JSON.</param>
    /// <param name="source">The file's name in errors.</param>
    /// <exception cref="BadInputException">Names the file, field, value and what is allowed.</exception>
    public static ModelConfig Parse(ReadOnlyMemory<byte> json, string source) =>
        ModelFile.Guard(source, () => ModelConfigJson.Read(json, source));

    /// <summary>Writes <c>config.json</c> into a model folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="type">The weights' element type by its torch name.</param>
    public void Save(string folder, string type = "float32") => File.WriteAllBytes(Path.Combine(folder, FileName), ToJson(type));

    /// <summary>The file's content: both spellings of the rotary settings, so that older and newer readers find theirs.</summary>
    public byte[] ToJson(string type = "float32") => ModelConfigJson.Write(this, type);

    /// <summary>What the architecture says of every model of its kind.</summary>
    public Architecture Architecture => Architectures.Get(ModelType);

    /// <summary>Width of the rotated part of a head.</summary>
    public int RotatedDim => RopeSettings.Rotated(HeadDim, RotatedShare);

    /// <summary>Whether a layer sees a window only.</summary>
    public bool Slides(int layer) => Sliding?.Layers[layer] == true;

    /// <summary>Positions that a layer's tokens see, their own included; null for the whole past.</summary>
    public int? Window(int layer) => Slides(layer) ? Sliding!.Width : null;

    /// <summary>What attention scores are multiplied by.</summary>
    public double AttentionScale => 1 / Math.Sqrt(QueryScalar ?? HeadDim);

    /// <summary>
    /// What a token leaves behind in a layer for later ones to attend to: numbers of its keys and of its values, or of its latent and of
    /// its rotated key.
    /// </summary>
    public (int First, int Second) CacheWidths =>
        Latent is { } latent ? (latent.KvRank, latent.RopeDim) : (KvHeads * HeadDim, KvHeads * HeadDim);

    /// <summary>Whether a layer's feed-forward block is a mixture of experts.</summary>
    public bool HasExperts(int layer) => Experts is { } experts && layer >= experts.FirstLayer && (layer + 1) % experts.Step == 0
        && !experts.DenseLayers.Contains(layer);

    /// <summary>Trainable parameters in all.</summary>
    public long ParameterCount() => Count(ExpertParameters * (Experts?.Routed ?? 0), Experts?.Routed ?? 0);

    /// <summary>Parameters that take part in one token's forward pass: of the routed experts only those chosen.</summary>
    public long ActiveParameterCount() => Count(ExpertParameters * (Experts?.PerToken ?? 0), Experts?.Routed ?? 0);

    private long ExpertParameters => 3L * HiddenSize * (Experts?.IntermediateSize ?? 0);

    private long Count(long routedExperts, long routerRows)
    {
        long d = HiddenSize;
        long layers = 0;
        for (var layer = 0; layer < Layers; layer++)
        {
            layers += AttentionParameters() + ((Architecture.Norms == NormPlacement.Around ? 4 : 2) * d)
                + (HasExperts(layer)
                    ? routedExperts + (ExpertParameters * Experts!.Shared) + (routerRows * d)
                    : (3 * d * IntermediateSize) + (MlpBias ? (2L * IntermediateSize) + d : 0));
        }
        return layers + d + (VocabularySize * d) + (ScoreHead ? d : TieWordEmbeddings ? 0 : VocabularySize * d);
    }

    private long QkNormParameters => !QkNorm ? 0 : Architecture.QkNormAcrossHeads ? (Heads + (long)KvHeads) * HeadDim : 2L * HeadDim;

    private long AttentionParameters()
    {
        long d = HiddenSize, q = (long)Heads * HeadDim, kv = (long)KvHeads * HeadDim;
        if (Latent is not { } latent)
        {
            return (d * (q + (2 * kv))) + (q * d) + (QkvBias ? q + (2 * kv) : 0) + (OutputBias ? d : 0) + QkNormParameters;
        }
        long query = Heads * (long)latent.QueryDim, lowered = latent.KvRank + latent.RopeDim;
        return (latent.QueryRank is { } rank ? (d * rank) + rank + (rank * query) + (QkvBias ? rank : 0) : d * query)
            + (d * lowered) + latent.KvRank + (QkvBias ? lowered : 0)
            + (latent.KvRank * Heads * (long)(latent.NopeDim + latent.ValueDim)) + (Heads * (long)latent.ValueDim * d)
                + (OutputBias ? d : 0);
    }
}

/// <summary>
/// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1): queries and keys/values go through low-rank projections, and
/// positions through a part of each head of their own, whose key all heads share.
/// </summary>
/// <param name="QueryRank">Rank of the queries' projection; null projects them in one step.</param>
/// <param name="KvRank">Rank of the keys' and values' projection: the latent that is cached.</param>
/// <param name="NopeDim">Width of a head's part without positions.</param>
/// <param name="RopeDim">Width of a head's rotated part; even.</param>
/// <param name="ValueDim">Width of a head's values.</param>
/// <param name="Interleaved">Whether rotated pairs are neighbours (2i, 2i+1) in the weights instead of halves.</param>
internal sealed record LatentAttentionConfig(int? QueryRank, int KvRank, int NopeDim, int RopeDim, int ValueDim, bool Interleaved)
{
    /// <summary>Width of a query or key head.</summary>
    public int QueryDim => NopeDim + RopeDim;
}

/// <summary>How a router scores experts.</summary>
internal enum ExpertScoring
{
    /// <summary>
    /// Each by a sigmoid (DeepSeek-V3): experts are chosen by score plus a correction that balances the load without an auxiliary loss, and
    /// weighted by the plain scores.
    /// </summary>
    Sigmoid,
    /// <summary>All by a softmax (Qwen3).</summary>
    Softmax,
}

/// <summary>A mixture of experts (DeepSeek-V3, arXiv 2412.19437, section 2.1.2; Qwen3, arXiv 2505.09388, section 2).</summary>
/// <param name="Routed">Experts to choose from.</param>
/// <param name="Shared">Experts that every token passes through; one block of that many times the width.</param>
/// <param name="PerToken">Experts chosen for a token.</param>
/// <param name="IntermediateSize">Width of an expert's SwiGLU layer.</param>
/// <param name="FirstLayer">Layers before this one are dense.</param>
/// <param name="Groups">Groups that the experts are split into.</param>
/// <param name="ChosenGroups">Groups that a token may choose from: the best.</param>
/// <param name="Normalize">Whether the chosen experts' weights are made to sum to 1.</param>
/// <param name="Scale">Factor on the weights.</param>
internal sealed record ExpertsConfig(int Routed, int Shared, int PerToken, int IntermediateSize, int FirstLayer, int Groups,
    int ChosenGroups, bool Normalize, double Scale)
{
    /// <summary>How experts are scored.</summary>
    public ExpertScoring Scoring { get; init; }
    /// <summary>Every n-th layer has experts.</summary>
    public int Step { get; init; } = 1;
    /// <summary>Layers that are dense all the same.</summary>
    public ValueList<int> DenseLayers { get; init; } = new([]);
}

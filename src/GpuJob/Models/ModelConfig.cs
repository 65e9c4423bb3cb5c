using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Models;

/// <summary>A decoder's shape, read from and written to a Hugging Face style <c>config.json</c>.</summary>
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
    /// <summary>Width of one head; even. Hidden size / heads where a file does not say.</summary>
    public required int HeadDim { get; init; }
    /// <summary>Width of the SwiGLU layer.</summary>
    public required int IntermediateSize { get; init; }
    /// <summary>Token ids are below this.</summary>
    public required int VocabularySize { get; init; }
    /// <summary>ε of RMSNorm.</summary>
    public double RmsNormEps { get; init; } = 1e-6;
    /// <summary>The rotary embedding.</summary>
    public RopeConfig Rope { get; init; } = new();
    /// <summary>Longest sequence in tokens.</summary>
    public int MaxPositions { get; init; } = 2048;
    /// <summary>Whether the output projection is the embedding matrix: one tensor, one gradient.</summary>
    public bool TieWordEmbeddings { get; init; }
    /// <summary>Whether the query, key and value projections have a bias.</summary>
    public bool QkvBias { get; init; }
    /// <summary>Whether the attention's output projection has a bias (Llama's <c>attention_bias</c>).</summary>
    public bool OutputBias { get; init; }
    /// <summary>Standard deviation of fresh weights; null for 0.506/√hidden, which is the customary 0.02 at width 640.</summary>
    public double? InitializerRange { get; init; }
    /// <summary>Begin-of-sequence id, if any.</summary>
    public int? BosTokenId { get; init; }
    /// <summary>End-of-sequence ids.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];
    /// <summary>Padding id, if any.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>Reads <c>config.json</c> from a model folder.</summary>
    /// <exception cref="BadInputException">Names the file, field, value and what is allowed.</exception>
    public static ModelConfig Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new BadInputException($"{path}: there is no such file; a model folder has a {FileName}.");
        return Parse(File.ReadAllBytes(path), path);
    }

    /// <summary>Reads a configuration.</summary>
    /// <param name="json">UTF-8 JSON.</param>
    /// <param name="source">The file's name in errors.</param>
    /// <exception cref="BadInputException">Names the file, field, value and what is allowed.</exception>
    public static ModelConfig Parse(ReadOnlyMemory<byte> json, string source) => ModelConfigJson.Read(json, source);

    /// <summary>Writes <c>config.json</c> into a model folder.</summary>
    public void Save(string folder) => File.WriteAllBytes(Path.Combine(folder, FileName), ToJson());

    /// <summary>The file's content: both spellings of the rotary settings, so that older and newer readers find theirs.</summary>
    public byte[] ToJson() => ModelConfigJson.Write(this);

    /// <summary>Trainable parameters in all.</summary>
    public long ParameterCount()
    {
        long q = (long)Heads * HeadDim, kv = (long)KvHeads * HeadDim, d = HiddenSize;
        var attention = d * (q + (2 * kv)) + (q * d) + (QkvBias ? q + (2 * kv) : 0) + (OutputBias ? d : 0);
        return (Layers * (attention + (3 * d * IntermediateSize) + (2 * d))) + d + (VocabularySize * d * (TieWordEmbeddings ? 1 : 2));
    }
}

/// <summary>Rotary position embedding (RoFormer, arXiv 2104.09864), with Llama 3's frequency scaling.</summary>
internal sealed record RopeConfig
{
    /// <summary>Base of the frequencies.</summary>
    public double Theta { get; init; } = 10000;
    /// <summary>Llama 3's scaling, or null for none.</summary>
    public Llama3RopeScaling? Llama3 { get; init; }
}

/// <summary>Llama 3's stretch of the low rotary frequencies (Llama 3.1 model card, <c>rope_type: llama3</c>).</summary>
/// <param name="Factor">How far low frequencies are stretched.</param>
/// <param name="LowFrequencyFactor">Wavelengths above original length / this are stretched in full.</param>
/// <param name="HighFrequencyFactor">Wavelengths below original length / this stay.</param>
/// <param name="OriginalMaxPositions">The length trained before the stretch.</param>
internal sealed record Llama3RopeScaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalMaxPositions);

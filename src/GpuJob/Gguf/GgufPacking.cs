using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Gguf;

/// <summary>Makes a GGUF file of a model's folder, a piece at a time: what llama.cpp, Ollama and their kin run.</summary>
internal static class GgufPacking
{
    private const int PieceRows = 256;

    /// <summary>Element types by the names that commands use: the type, and what llama.cpp calls a file of it.</summary>
    public static readonly IReadOnlyDictionary<string, (string Type, int FileType)> Types =
        new Dictionary<string, (string Type, int FileType)>(StringComparer.Ordinal)
        {
            ["float32"] = ("F32", 0), ["float16"] = ("F16", 1), ["bfloat16"] = ("BF16", 32), ["q8_0"] = ("Q8_0", 7),
        };

    /// <summary>Writes the file.</summary>
    /// <param name="folder">A model's folder in Hugging Face's layout.</param>
    /// <param name="path">The file.</param>
    /// <param name="type">
    /// One of <see cref="Types"/>. What is no matrix stays float32; so do matrices whose rows are not whole blocks.
    /// </param>
    /// <exception cref="BadInputException">llama.cpp has no such architecture, or not with these settings.</exception>
    public static void Pack(string folder, string path, string type)
    {
        var config = ModelConfig.Load(folder);
        var architecture = GgufArchitecture.Find(config.ModelType) ?? throw new BadInputException(
            $"{folder}: model_type is '{config.ModelType}'; written are "
            + $"{string.Join(", ", GgufArchitecture.All.Select(known => known.Name))}.");
        var (name, fileType) = Types[type];
        var writer = new GgufWriter();
        AddShape(writer, architecture, config, fileType, Path.GetFileName(Path.GetFullPath(folder).TrimEnd('/')));
        PackedTokenizer.Add(folder, config.VocabularySize, writer);
        using var weights = SafetensorsModel.Open(folder);
        var tensors = weights.Tensors.OrderBy(tensor => tensor.Key, StringComparer.Ordinal)
            .Where(tensor => !(config.TieWordEmbeddings && tensor.Key == "lm_head.weight"))
            .Select(tensor => Packed(weights, tensor.Key, tensor.Value, architecture, config, GgufTypes.Of(name))).ToList();
        if (config.Rope.Llama3 is { } scaling) tensors.Add(Frequencies(scaling, config));
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        writer.Write(file, tensors);
    }

    private static void AddShape(GgufWriter writer, GgufArchitecture architecture, ModelConfig config, int fileType, string name)
    {
        void Add(string field, int value) => writer.Add($"{architecture.Name}.{field}", value);
        void AddNumber(string field, double value) => writer.Add($"{architecture.Name}.{field}", (float)value);
        writer.Add("general.architecture", architecture.Name);
        writer.Add("general.name", name);
        writer.Add("general.file_type", fileType);
        writer.Add("general.quantization_version", 2);
        Add("block_count", config.Layers);
        Add("context_length", config.MaxPositions);
        Add("embedding_length", config.HiddenSize);
        Add("feed_forward_length", config.IntermediateSize);
        Add("attention.head_count", config.Heads);
        Add("attention.head_count_kv", config.KvHeads);
        Add("attention.key_length", config.HeadDim);
        Add("attention.value_length", config.HeadDim);
        Add("rope.dimension_count", config.HeadDim);
        Add("vocab_size", config.VocabularySize);
        AddNumber("attention.layer_norm_rms_epsilon", config.RmsNormEps);
        AddNumber("rope.freq_base", config.Rope.Theta);
        if (config.Rope.LinearFactor != 1)
        {
            writer.Add($"{architecture.Name}.rope.scaling.type", "linear");
            AddNumber("rope.scaling.factor", config.Rope.LinearFactor);
        }
        if (config.Rope.Yarn is { } yarn)
        {
            if (yarn != new YarnRopeScaling(yarn.Factor, yarn.OriginalMaxPositions))
                throw new BadInputException($"rope_scaling: a GGUF file holds YaRN's factor and original length; {yarn} says more.");
            writer.Add($"{architecture.Name}.rope.scaling.type", "yarn");
            AddNumber("rope.scaling.factor", yarn.Factor);
            Add("rope.scaling.original_context_length", yarn.OriginalMaxPositions);
        }
    }

    private static PackedTensor Packed(SafetensorsModel weights, string name, StoredTensor stored, GgufArchitecture architecture,
        ModelConfig config, GgufType type)
    {
        var heads = architecture.PairsApart ? GgufArchitecture.RotatedHeads(name, config.Heads, config.KvHeads) : null;
        var isMatrix = stored.Shape.Length == 2 && stored.Shape[^1] % type.Numbers == 0;
        return new(GgufArchitecture.NameThere(name), isMatrix ? type : GgufTypes.Of("F32"), stored.Shape, write =>
        {
            using var scope = NewDisposeScope();
            var tensor = weights.Read(name).to(ScalarType.Float32);
            if (heads is { } count) // halves apart become pairs
                tensor = tensor.reshape([count, 2, config.HeadDim / 2, .. stored.Shape[1..]]).transpose(1, 2).reshape(stored.Shape);
            if (stored.Shape.Length == 1)
            {
                write(tensor.contiguous().data<float>().ToArray());
                return;
            }
            for (var row = 0L; row < stored.Shape[0]; row += PieceRows)
            {
                using var piece = NewDisposeScope();
                write(tensor.narrow(0, row, Math.Min(PieceRows, stored.Shape[0] - row)).contiguous().data<float>().ToArray());
            }
        });
    }

    private static PackedTensor Frequencies(Llama3RopeScaling scaling, ModelConfig config)
    {
        var plain = (config.Rope with { Llama3 = null }).Frequencies(config.HeadDim);
        float[] factors = [.. plain.Select(frequency => frequency / scaling.Scale(frequency))];
        return new("rope_freqs.weight", GgufTypes.Of("F32"), [factors.Length], write => write(factors));
    }
}

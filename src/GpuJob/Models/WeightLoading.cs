using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>Weights by name into a model.</summary>
internal static class WeightLoading
{
    private const string Head = "lm_head.weight", Embedding = "model.embed_tokens.weight", InverseFrequencies = ".rotary_emb.inv_freq";

    private const int MostNamed = 20;

    /// <summary>Holds tensors to what a configuration asks for, by their headers alone, before anything is built.</summary>
    /// <exception cref="BadInputException">Names the missing, superfluous and misshapen tensors.</exception>
    public static void Check(SafetensorsModel source, ModelConfig config)
    {
        ConfiguredSizes.Check(source, config);
        using var scope = NewDisposeScope();
        using var model = CausalLm.Shape(config);
        var problems = Problems(source, model).Order(StringComparer.Ordinal).ToList();
        if (problems.Count > 0)
        {
            var more = problems.Count > MostNamed ? $"; and {problems.Count - MostNamed} more" : "";
            throw new BadInputException(
                $"{source.Folder}: the weights do not fit a {config.ModelType} model of this "
                + $"config.json: {string.Join("; ", problems.Take(MostNamed))}{more}.");
        }
        CheckHead(source, config);
    }

    /// <summary>
    /// Copies every tensor into the weight of its name, converting to its type. The tensors fit: see <see cref="Check"/>.
    /// </summary>
    /// <param name="source">The tensors.</param>
    /// <param name="config">Their folder's configuration.</param>
    /// <param name="model">A model of that configuration.</param>
    /// <exception cref="BadInputException">A weight is not finite, or scales do not fit their matrix.</exception>
    public static void Copy(SafetensorsModel source, ModelConfig config, CausalLm model)
    {
        using var _ = no_grad();
        foreach (var (name, weight) in model.Weights)
        {
            using var scope = NewDisposeScope();
            if (source.Find(name)!.IsFloat8) CopyFloat8(source, name, config.Float8Block!.Value, weight);
            else source.CopyTo(name, weight);
        }
        if (Finite.FindNot(model.Weights) is { } broken)
            throw new BadInputException($"{source.Folder}: the weight '{broken}' holds a number that is not finite (NaN or ∞).");
        model.Publish();
    }

    // A head that is stored beside a tied embedding says that the two are one; where they differ, one of the files is wrong.
    private static void CheckHead(SafetensorsModel source, ModelConfig config)
    {
        if (!config.TieWordEmbeddings || config.ScoreHead || source.Find(Head) is not { } head
            || source.Find(Embedding) is not { } embedding) return;
        if (head.Shape.SequenceEqual(embedding.Shape) && (source.SameBytes(Head, Embedding) || SameNumbers(source, head, embedding)))
            return;
        throw new BadInputException(
            $"{source.Folder}: config.json says tie_word_embeddings, but '{Head}' is not '{Embedding}': if the head is to be used, set "
            + $"tie_word_embeddings to false; if not, remove it from the weights.");
    }

    private static bool SameNumbers(SafetensorsModel source, StoredTensor head, StoredTensor embedding)
    {
        if (head.Type == embedding.Type || head.IsFloat8 || embedding.IsFloat8) return false;
        using var scope = NewDisposeScope();
        return source.Read(Head).to(ScalarType.Float32).equal(source.Read(Embedding).to(ScalarType.Float32)).all().item<bool>();
    }

    private static IEnumerable<string> Problems(SafetensorsModel source, CausalLm model)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, weight) in model.Weights)
        {
            known.Add(name);
            if (source.Find(name) is not { } stored)
            {
                yield return $"'{name}' is missing";
                continue;
            }
            if (!stored.Shape.SequenceEqual(weight.shape))
                yield return $"'{name}' has shape [{string.Join(", ", stored.Shape)}], [{string.Join(", ", weight.shape)}] is needed";
            if (!stored.IsFloatingPoint) yield return $"'{name}' has type {stored.Type}, a floating-point type is needed";
            if (!stored.IsFloat8) continue;
            if (stored.Shape.Length != 2) yield return $"'{name}' is a vector in 8 bits; only matrices are stored so";
            if (model.Config.Float8Block is null)
                yield return $"'{name}' is in 8 bits, but config.json has no quantization_config with a weight_block_size";
            known.Add(name + Float8.ScaleSuffix);
            if (source.Find(name + Float8.ScaleSuffix) is not { } scales)
                yield return $"'{name + Float8.ScaleSuffix}' is missing, the scales of '{name}'";
            else if (!scales.IsFloatingPoint || scales.IsFloat8)
                yield return $"'{name + Float8.ScaleSuffix}' has type {scales.Type}, a floating-point type is needed";
        }
        foreach (var (name, _) in source.Tensors)
        {
            if (!known.Contains(name) && !Ignorable(name, model.Config)) yield return $"'{name}' is unknown";
        }
    }

    private static void CopyFloat8(SafetensorsModel source, string name, (int Rows, int Columns) block, Tensor target)
    {
        try
        {
            Float8.Decode(source.Read(name), source.Read(name + Float8.ScaleSuffix), block, target);
        }
        catch (ArgumentException error)
        {
            throw new BadInputException($"'{name}': {error.Message}", error);
        }
    }

    // Some checkpoints store the tied head a second time, old ones the rotary frequencies, and DeepSeek's the layers that predict further
    // tokens.
    private static bool Ignorable(string name, ModelConfig config) =>
        (name == Head && config.TieWordEmbeddings && !config.ScoreHead)
        || name.EndsWith(InverseFrequencies, StringComparison.Ordinal)
        || Enumerable.Range(config.Layers, config.NextTokenLayers)
            .Any(layer => name.StartsWith($"model.layers.{layer}.", StringComparison.Ordinal));
}

using R1Cloud.GpuJob.Models;
using R1Cloud.Shared.Jobs;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Weights;

/// <summary>Weights by name into a model.</summary>
internal static class WeightLoading
{
    private const string Head = "lm_head.weight", InverseFrequencies = ".rotary_emb.inv_freq";

    /// <summary>Copies every tensor into the weight of its name, converting to its type.</summary>
    /// <exception cref="BadInputException">Names every missing, superfluous and misshapen tensor.</exception>
    public static void Copy(SafetensorsModel source, CausalLm model)
    {
        var problems = Problems(source, model).Order(StringComparer.Ordinal).ToList();
        if (problems.Count > 0)
        {
            throw new BadInputException($"The weights do not fit a {model.Config.ModelType} model of this config.json: {string.Join("; ", problems)}.");
        }

        using var _ = no_grad();
        foreach (var (name, weight) in model.Weights)
        {
            using var scope = NewDisposeScope();
            if (source.Find(name)!.IsFloat8) CopyFloat8(source, name, model.Config.Float8Block, weight);
            else source.CopyTo(name, weight);
        }
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
            if (!stored.Shape.SequenceEqual(weight.shape)) yield return $"'{name}' has shape [{string.Join(", ", stored.Shape)}], [{string.Join(", ", weight.shape)}] is needed";
            if (!stored.IsFloatingPoint) yield return $"'{name}' has type {stored.Type}, a floating-point type is needed";
            if (!stored.IsFloat8) continue;
            known.Add(name + Float8.ScaleSuffix);
            if (source.Find(name + Float8.ScaleSuffix) is null) yield return $"'{name + Float8.ScaleSuffix}' is missing, the scales of '{name}'";
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

    // Some checkpoints store the tied head a second time, old ones the rotary frequencies, and DeepSeek's the layers that predict further tokens.
    private static bool Ignorable(string name, ModelConfig config) =>
        (name == Head && config.TieWordEmbeddings && !config.ScoreHead)
        || name.EndsWith(InverseFrequencies, StringComparison.Ordinal)
        || Enumerable.Range(config.Layers, config.NextTokenLayers).Any(layer => name.StartsWith($"model.layers.{layer}.", StringComparison.Ordinal));
}

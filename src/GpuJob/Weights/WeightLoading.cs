using R1Cloud.GpuJob.Models;
using R1Cloud.Shared.Jobs;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Weights;

/// <summary>Weights by name into a model.</summary>
internal static class WeightLoading
{
    private const string Head = "lm_head.weight", InverseFrequencies = ".rotary_emb.inv_freq";

    /// <summary>Copies every tensor into the parameter of its name, converting to fp32.</summary>
    /// <exception cref="BadInputException">Names every missing, superfluous and misshapen tensor.</exception>
    public static void Copy(SafetensorsModel source, CausalLm model)
    {
        var problems = new List<string>();
        foreach (var (name, parameter) in model.Weights)
        {
            if (source.Find(name) is not { } stored) problems.Add($"'{name}' is missing");
            else if (!stored.Shape.SequenceEqual(parameter.shape)) problems.Add($"'{name}' has shape [{string.Join(", ", stored.Shape)}], [{string.Join(", ", parameter.shape)}] is needed");
            else if (!IsFloatingPoint(stored.Type)) problems.Add($"'{name}' has type {stored.Type}, a floating-point type is needed");
        }
        var known = model.Weights.Select(weight => weight.Name).ToHashSet(StringComparer.Ordinal);
        problems.AddRange(source.Tensors.Select(pair => pair.Key).Where(name => !known.Contains(name) && !Ignorable(name, model.Config)).Select(name => $"'{name}' is unknown"));
        if (problems.Count > 0)
        {
            throw new BadInputException($"The weights do not fit a {model.Config.ModelType} model of this config.json: {string.Join("; ", problems.Order(StringComparer.Ordinal))}.");
        }

        using var _ = no_grad();
        foreach (var (name, parameter) in model.Weights)
        {
            using var scope = NewDisposeScope();
            parameter.copy_(source.Read(name));
        }
    }

    // Some checkpoints store the tied head a second time, and old ones the rotary frequencies: both follow from the rest.
    private static bool Ignorable(string name, ModelConfig config) =>
        (name == Head && config.TieWordEmbeddings) || name.EndsWith(InverseFrequencies, StringComparison.Ordinal);

    private static bool IsFloatingPoint(ScalarType type) => type is ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float64;
}

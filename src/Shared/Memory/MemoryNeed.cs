using R1Cloud.Shared.Recipes;

namespace R1Cloud.Shared.Memory;

/// <summary>
/// The most that is kept in a device's memory at once: arithmetic from the model's shape, as the trainer lays things out. What torch
/// and the driver need for themselves comes on top.
/// </summary>
public sealed record MemoryNeed
{
    /// <summary>Of a device's memory, what driver, kernels and fragments leave.</summary>
    public const double Usable = 0.95;

    private const string Copies = "16-bit copies of the weights", Cache = "cache";

    private const int MostRewardModels = 2; // as a worker keeps them

    /// <summary>What is done then: <c>sampling</c> or <c>training</c>.</summary>
    public required string Phase { get; init; }
    /// <summary>Bytes by what they are for.</summary>
    public required IReadOnlyDictionary<string, double> Roles { get; init; }
    /// <summary>Bytes in all.</summary>
    public double Bytes => Roles.Values.Sum();
    /// <summary>Bytes of the machine's own memory for float32 weights and moments; 0 where those are on the device.</summary>
    public double HostBytes { get; init; }
    /// <summary>Bytes of the device that there are for it; null where that is not known.</summary>
    public double? DeviceBytes { get; init; }
    /// <summary>Bytes that the device has too few; null where it fits, or nobody knows.</summary>
    public double? MissingBytes => DeviceBytes is { } there && Bytes > there ? Bytes - there : null;
    /// <summary>Each of these by itself would make it fit.</summary>
    public IReadOnlyList<string> Remedies { get; init; } = [];

    /// <summary>Why it does not fit, for people; null where it does.</summary>
    public string? Problem()
    {
        if (MissingBytes is null) return null;
        var roles = string.Join(", ", Roles.Select(role => $"{role.Key} {Gigabytes(role.Value)}"));
        var help = Remedies.Count > 0 ? $"It would fit with {string.Join(", or ", Remedies)}." : "No setting by itself makes it fit.";
        return $"{Phase} takes {Gigabytes(Bytes)} of the device's memory ({roles}); it has {Gigabytes(DeviceBytes!.Value / Usable)}, "
            + $"of which {Gigabytes(DeviceBytes.Value)} can be used. {help}";
    }

    private static string Gigabytes(double bytes) => FormattableString.Invariant($"{bytes / 1e9:0.##} GB");

    /// <summary>The larger of sampling and training.</summary>
    /// <param name="model">The model.</param>
    /// <param name="demand">What is kept.</param>
    /// <param name="deviceBytes">The GPU's memory; null where it is not known, or a CPU computes.</param>
    /// <returns>Null where nothing is kept.</returns>
    public static MemoryNeed? Of(DecoderSize model, MemoryDemand demand, double? deviceBytes)
    {
        var there = deviceBytes * Usable;
        if (Largest(model, demand, there) is not { } most) return null;
        most = most with { DeviceBytes = there };
        return most.MissingBytes is null ? most : most with
        {
            Remedies = [.. Changes(demand).Where(change => Largest(model, change.Demand, there)!.Bytes <= there)
                .Select(change => change.Name)],
        };
    }

    private static MemoryNeed? Largest(DecoderSize model, MemoryDemand demand, double? there)
    {
        var sampling = Sampling(model, demand);
        if (sampling is not null && there is { } bytes) sampling = Fitted(sampling, demand, bytes);
        var training = Training(model, demand, there is null ? LogitsAtOnce.OnCpu : LogitsAtOnce.OnGpu);
        return new[] { sampling, training }.OfType<MemoryNeed>().MaxBy(phase => phase.Bytes);
    }

    private static MemoryNeed? Sampling(DecoderSize model, MemoryDemand demand) => demand.CachedTokens == 0 ? null : Phased(
        "sampling", model, demand,
        ("optimizer moments", demand.Training is { } training ? Moments(model, training) : 0),
        (Copies, HasCopies(demand) ? 2 * model.Parameters : 0),
        (Cache, demand.CachedTokens * model.Layers * model.CacheWidth * Width(demand)));

    // As many rows are decoded at once as there is room for, one at least.
    private static MemoryNeed Fitted(MemoryNeed sampling, MemoryDemand demand, double there)
    {
        var (cache, rest) = (sampling.Roles[Cache], sampling.Bytes - sampling.Roles[Cache]);
        var roles = new OrderedDictionary<string, double>(sampling.Roles)
        {
            [Cache] = Math.Clamp(there - rest, cache * demand.LeastCachedTokens / demand.CachedTokens, cache),
        };
        return sampling with { Roles = roles };
    }

    private static MemoryNeed? Training(DecoderSize model, MemoryDemand demand, long logits)
    {
        if (demand.Training is not { } training || demand.PassTokens == 0) return null;
        var trained = Trained(model, training);
        var inside = (6 * model.Hidden) + (4.0 * model.AttentionWidth) + (4 * model.Inner);
        var kept = training.Recompute ? (model.Hidden * model.Layers) + inside : inside * model.Layers;
        return Phased(
            "training", model, demand,
            ("gradients", 4 * trained), ("optimizer moments", Moments(model, training)),
            (Copies, HasCopies(demand) ? 2 * model.Parameters / (training.Recompute ? model.Layers : 1) : 0),
            ("activations", demand.PassTokens * kept * Width(demand)),
            ("logits", 3 * 4 * Math.Min(logits, demand.PassTokens * model.Vocabulary)));
    }

    private static MemoryNeed Phased(string phase, DecoderSize model, MemoryDemand demand, params (string Role, double Bytes)[] own)
    {
        (string Role, double Bytes)[] roles =
        [
            ("weights", (HasMasters(demand) ? 4 : Width(demand)) * model.Parameters), .. own,
            ("reference", demand.Reference ? Width(demand) * model.Parameters : 0),
            ("reward models", 4 * model.Parameters * Math.Min(MostRewardModels, demand.RewardModels)),
        ];
        return new()
        {
            Phase = phase,
            HostBytes = IsOnHost(demand.Training) ? 12 * model.Parameters : 0,
            Roles = new OrderedDictionary<string, double>(roles.Where(role => role.Bytes > 0)
                .Select(role => KeyValuePair.Create(role.Role, role.Bytes))),
        };
    }

    // An adapter's parameters are bounded by those of one on all linear maps.
    private static double Trained(DecoderSize model, OptimizerRecipe training) => training.Lora is not { } lora
        ? model.Parameters
        : (double)lora.Rank * model.Layers
            * ((2 * (model.Hidden + model.AttentionWidth)) + (2 * model.Hidden) + model.CacheWidth + (3 * (model.Hidden + model.Inner)));

    private static double Moments(DecoderSize model, OptimizerRecipe training) =>
        IsOnHost(training) ? 0 : 8 * Trained(model, training);

    private static bool IsOnHost(OptimizerRecipe? training) => training is { State: OptimizerStatePlace.Host };

    // Only who is trained itself, with its state on the device, has float32 where less is computed with.
    private static bool HasMasters(MemoryDemand demand) => demand.Training is { Lora: null, State: OptimizerStatePlace.Device };

    private static bool HasCopies(MemoryDemand demand) => HasMasters(demand) && Width(demand) == 2;

    private static int Width(MemoryDemand demand) => (demand.Training?.Precision ?? demand.Precision) == TrainingPrecision.Bfloat16 ? 2 : 4;

    private static IEnumerable<(string Name, MemoryDemand Demand)> Changes(MemoryDemand demand)
    {
        if (demand.Training is not { } training) yield break;
        if (!training.Recompute) yield return ("optimizer.recompute: true", With(training with { Recompute = true }));
        if (training.Precision == TrainingPrecision.Float32)
            yield return ("optimizer.precision: bfloat16", With(training with { Precision = TrainingPrecision.Bfloat16 }));
        if (training is { Recompute: false, Precision: TrainingPrecision.Float32 })
            yield return ("optimizer.precision: bfloat16 with optimizer.recompute: true",
                With(training with { Recompute = true, Precision = TrainingPrecision.Bfloat16 }));
        if (training is { Lora: null, State: OptimizerStatePlace.Device })
        {
            yield return ("optimizer.state: host", With(training with { State = OptimizerStatePlace.Host }));
            if (training is not { Recompute: true, Precision: TrainingPrecision.Bfloat16 })
                yield return ("optimizer.state: host with optimizer.precision: bfloat16 and optimizer.recompute: true",
                    With(training with
                    {
                        State = OptimizerStatePlace.Host, Recompute = true, Precision = TrainingPrecision.Bfloat16,
                    }));
        }
        if (training.Lora is null)
        {
            yield return ("optimizer.lora", With(training with { Lora = new(), State = OptimizerStatePlace.Device }));
            if (training is { Recompute: true, Precision: TrainingPrecision.Bfloat16 }) yield break;
            yield return ("optimizer.lora with optimizer.precision: bfloat16 and optimizer.recompute: true",
                With(new OptimizerRecipe
                {
                    LearningRate = training.LearningRate, Lora = new(), Recompute = true, Precision = TrainingPrecision.Bfloat16,
                }));
        }

        MemoryDemand With(OptimizerRecipe changed) => demand with { Training = changed };
    }
}

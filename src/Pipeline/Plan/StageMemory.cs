using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Plan;

/// <summary>
/// The most that a stage keeps in a device's memory at once: arithmetic from the model's shape, as the trainer lays things out. What torch
/// and the driver need for themselves comes on top.
/// </summary>
public sealed record StageMemory
{
    // Of a device's memory, what driver, kernels and fragments leave.
    private const double Usable = 0.95;

    private const int MostRewardModels = 2; // as a worker keeps them
    private const double LogitsAtOnce = 1 << 24; // as scoring cuts them

    /// <summary>What is done then: <c>sampling</c> or <c>training</c>.</summary>
    public required string Phase { get; init; }
    /// <summary>Bytes by what they are for.</summary>
    public required IReadOnlyDictionary<string, double> Roles { get; init; }
    /// <summary>Bytes in all.</summary>
    public double Bytes => Roles.Values.Sum();
    /// <summary>Bytes of the device that there are for it; null where the price table does not say.</summary>
    public double? DeviceBytes { get; init; }
    /// <summary>Bytes that the device has too few; null where it fits, or nobody knows.</summary>
    public double? MissingBytes => DeviceBytes is { } there && Bytes > there ? Bytes - there : null;
    /// <summary>Each of these by itself would make it fit.</summary>
    public IReadOnlyList<string> Remedies { get; init; } = [];

    /// <summary>The larger of a stage's phases.</summary>
    /// <param name="model">The model.</param>
    /// <param name="demand">What the stage keeps.</param>
    /// <param name="deviceGigabytes">The device's memory in 10⁹ bytes; null where it is not known.</param>
    /// <returns>Null where a stage keeps nothing, or the model's shape is not known.</returns>
    public static StageMemory? Of(PlanModel model, MemoryDemand demand, double? deviceGigabytes)
    {
        var there = deviceGigabytes * 1e9 * Usable;
        if (Largest(model, demand) is not { } most) return null;
        most = most with { DeviceBytes = there };
        return most.MissingBytes is null ? most : most with
        {
            Remedies = [.. Changes(demand).Where(change => Largest(model, change.Demand)!.Bytes <= there).Select(change => change.Name)],
        };
    }

    private static StageMemory? Largest(PlanModel model, MemoryDemand demand) => model.Shape is not { } shape
        ? null
        : new[] { Sampling(model, shape, demand), Training(model, shape, demand) }.OfType<StageMemory>().MaxBy(phase => phase.Bytes);

    private static StageMemory? Sampling(PlanModel model, PlanShape shape, MemoryDemand demand) => demand.CachedTokens == 0 ? null : Phased(
        "sampling", model, demand,
        ("optimizer moments", demand.Training is { } training ? 8 * Trained(model, shape, training) : 0),
        ("cache", demand.CachedTokens * model.Layers * shape.CacheWidth * Width(demand)));

    private static StageMemory? Training(PlanModel model, PlanShape shape, MemoryDemand demand)
    {
        if (demand.Training is not { } training || demand.PassTokens == 0) return null;
        var trained = Trained(model, shape, training);
        var inside = (6 * shape.Hidden) + (4.0 * model.AttentionWidth) + (4 * shape.Inner);
        var kept = training.Recompute ? (shape.Hidden * model.Layers) + inside : inside * model.Layers;
        return Phased(
            "training", model, demand,
            ("gradients", 4 * trained), ("optimizer moments", 8 * trained),
            ("16-bit copies of the weights", training.Precision == TrainingPrecision.Float32 ? 0
                : 2 * model.Parameters / (training.Recompute ? model.Layers : 1)),
            ("activations", demand.PassTokens * kept * Width(demand)),
            ("logits", 3 * 4 * Math.Min(LogitsAtOnce, demand.PassTokens * shape.Vocabulary)));
    }

    private static StageMemory Phased(string phase, PlanModel model, MemoryDemand demand, params (string Role, double Bytes)[] own)
    {
        (string Role, double Bytes)[] roles =
        [
            ("weights", 4 * model.Parameters), .. own, ("reference", demand.Reference ? 4 * model.Parameters : 0),
            ("reward models", 4 * model.Parameters * Math.Min(MostRewardModels, demand.RewardModels)),
        ];
        return new()
        {
            Phase = phase,
            Roles = new OrderedDictionary<string, double>(roles.Where(role => role.Bytes > 0)
                .Select(role => KeyValuePair.Create(role.Role, role.Bytes))),
        };
    }

    // An adapter's parameters are bounded by those of one on all linear maps.
    private static double Trained(PlanModel model, PlanShape shape, OptimizerRecipe training) => training.Lora is not { } lora
        ? model.Parameters
        : (double)lora.Rank * model.Layers
            * ((2 * (shape.Hidden + model.AttentionWidth)) + (2 * shape.Hidden) + shape.CacheWidth + (3 * (shape.Hidden + shape.Inner)));

    private static int Width(MemoryDemand demand) => demand.Training?.Precision == TrainingPrecision.Bfloat16 ? 2 : 4;

    private static IEnumerable<(string Name, MemoryDemand Demand)> Changes(MemoryDemand demand)
    {
        if (demand.Training is not { } training) yield break;
        if (!training.Recompute) yield return ("optimizer.recompute: true", With(training with { Recompute = true }));
        if (training.Precision == TrainingPrecision.Float32)
            yield return ("optimizer.precision: bfloat16", With(training with { Precision = TrainingPrecision.Bfloat16 }));
        if (training is { Recompute: false, Precision: TrainingPrecision.Float32 })
            yield return ("optimizer.precision: bfloat16 with optimizer.recompute: true",
                With(training with { Recompute = true, Precision = TrainingPrecision.Bfloat16 }));
        if (training.Lora is null)
        {
            yield return ("optimizer.lora", With(training with { Lora = new() }));
            yield return ("optimizer.lora with optimizer.precision: bfloat16 and optimizer.recompute: true",
                With(new OptimizerRecipe
                {
                    LearningRate = training.LearningRate, Lora = new(), Recompute = true, Precision = TrainingPrecision.Bfloat16,
                }));
        }

        MemoryDemand With(OptimizerRecipe changed) => demand with { Training = changed };
    }
}

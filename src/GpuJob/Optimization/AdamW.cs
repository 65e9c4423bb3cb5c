using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Numerics.Simd;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Optimization;

/// <summary>
/// AdamW (arXiv 1711.05101), on a CPU in kernels of our own, else in libtorch's fused one. Weight decay acts on tensors of two or more
/// dimensions, not on norms and biases. Its state is named by parameter and restores bitwise. Weights that have their masters in host
/// memory are stepped there, and their moments are there too.
/// </summary>
internal sealed class AdamW : IDisposable
{
    private const string First = "exp_avg.", Second = "exp_avg_sq.", StepName = "step";
    private readonly Slot[] slots;
    private readonly OptimizerRecipe recipe;
    private readonly double epsilon;
    private readonly Tensor stepTensor;
    private readonly HostSteps? host; // where the weights have their masters

    /// <summary>Makes an optimizer with fresh state.</summary>
    /// <param name="parameters">What it updates, by name.</param>
    /// <param name="recipe">Betas and weight decay; the rate comes with each step.</param>
    /// <param name="epsilon">Added to the root of the second moment.</param>
    public AdamW(IEnumerable<(string Name, Parameter Tensor)> parameters, OptimizerRecipe recipe, double epsilon = 1e-8)
    {
        (this.recipe, this.epsilon) = (recipe, epsilon);
        using var _ = no_grad();
        slots = [.. parameters.Select(parameter => new Slot(
            parameter.Name, parameter.Tensor,
            zeros_like(parameter.Tensor.Stored(), requires_grad: false).DetachFromDisposeScope(),
            zeros_like(parameter.Tensor.Stored(), requires_grad: false).DetachFromDisposeScope()))];
        stepTensor = zeros([], dtype: ScalarType.Float32, device: slots[0].FirstMoment.device).DetachFromDisposeScope();
        if (slots[0].Parameter is ModelWeight { Master: not null })
            host = new HostSteps([.. slots.Select(slot => slot.Parameter.device).DistinctBy(device => $"{device}")]);
    }

    /// <summary>Steps taken.</summary>
    public long Steps { get; private set; }

    /// <summary>Bytes of its state where the parameters are.</summary>
    public long DeviceBytes => host is null ? slots.Sum(slot => 2 * slot.FirstMoment.numel() * slot.FirstMoment.ElementSize) : 0;

    /// <summary>Scales all gradients so that their global 2-norm is at most <paramref name="maxNorm"/>.</summary>
    /// <param name="maxNorm">The limit; 0 or less for none.</param>
    /// <param name="watch">Told each gradient's norm and that of all; null for nobody.</param>
    /// <param name="step">The step, for the watch.</param>
    /// <returns>The norm before, a scalar tensor in the caller's scope: reading it is the caller's synchronisation.</returns>
    public Tensor ClipGradients(double maxNorm, FiniteWatch? watch = null, int step = 0)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var live = slots.Where(slot => slot.Parameter.grad is not null).ToArray();
        var gradients = live.Select(slot => slot.Parameter.grad!).ToArray();
        if (gradients.Length == 0) return zeros([], dtype: ScalarType.Float32, device: slots[0].Parameter.device).MoveToOuterDisposeScope();
        var isOwn = VectorUpdates.Suit(gradients);
        var norms = isOwn ? VectorUpdates.Norms(gradients) : TorchOps.Norms(gradients);
        var norm = TorchOps.Norm(norms);
        watch?.Add(step, [.. live.Select(slot => $"the gradient norm of {slot.Name}")], norms);
        watch?.Add(step, "the gradient norm", norm);
        if (maxNorm > 0)
        {
            var factor = (Scalars.Of(maxNorm) / norm.add(Scalars.Of(1e-6), Scalars.One)).clamp(max: Scalars.One);
            if (isOwn) VectorUpdates.Scale(gradients, factor.item<float>());
            else TorchOps.Scale(gradients, factor);
        }
        return norm.MoveToOuterDisposeScope();
    }

    /// <summary>A training's whole step: clips the gradients, updates the parameters and drops the gradients.</summary>
    /// <param name="learningRate">This step's rate.</param>
    /// <param name="maxNorm">The most that the gradients' global 2-norm may be; 0 or less for no limit.</param>
    /// <param name="watch">Told each gradient's norm and that of all.</param>
    /// <param name="step">The step, for the watch.</param>
    /// <returns>The norm before, a scalar tensor in the caller's scope.</returns>
    public Tensor ClipAndStep(double learningRate, double maxNorm, FiniteWatch watch, int step)
    {
        var norm = ClipGradients(maxNorm, watch, step);
        Step(learningRate);
        ZeroGradients();
        return norm;
    }

    /// <summary>Updates every parameter that has a gradient.</summary>
    /// <param name="learningRate">This step's rate.</param>
    public void Step(double learningRate)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        Steps++;
        Scalars.Use(Steps, stepTensor.fill_);
        var live = slots.Select(slot => (Slot: slot, Gradient: slot.Parameter.grad)).Where(pair => pair.Gradient is not null)
            .ToLookup(pair => pair.Slot.Parameter.dim() >= 2);
        foreach (var group in live)
        {
            var pairs = group.ToArray();
            var decay = group.Key ? recipe.WeightDecay : 0;
            if (host is null)
                Update(new([.. pairs.Select(pair => (Tensor)pair.Slot.Parameter)], [.. pairs.Select(pair => pair.Gradient!)],
                    [.. pairs.Select(pair => pair.Slot.FirstMoment)], [.. pairs.Select(pair => pair.Slot.SecondMoment)]),
                    learningRate, decay);
            else
                host.Take([.. pairs.Select(pair => new HostStepped((ModelWeight)pair.Slot.Parameter, pair.Gradient!, pair.Slot.FirstMoment,
                    pair.Slot.SecondMoment))], part => Update(part, learningRate, decay));
        }
    }

    private void Update(SteppedTensors all, double learningRate, double decay)
    {
        var (parameters, gradients, firstMoments, secondMoments) = all;
        if (VectorUpdates.Suit([.. parameters, .. gradients, .. firstMoments, .. secondMoments]))
            VectorUpdates.AdamW(Coefficients(learningRate, decay), parameters, gradients, firstMoments, secondMoments);
        else
            TorchOps.FusedAdamW(
                parameters, gradients, firstMoments, secondMoments, [.. Enumerable.Repeat(stepTensor, parameters.Length)],
                learningRate, recipe.Beta1, recipe.Beta2, decay, epsilon);
    }

    private AdamWStep Coefficients(double learningRate, double decay) => new(
        (float)(1 - (learningRate * decay)), (float)(learningRate / (1 - Math.Pow(recipe.Beta1, Steps))), recipe.Beta1, recipe.Beta2,
        (float)(1 / Math.Sqrt(1 - Math.Pow(recipe.Beta2, Steps))), (float)epsilon);

    /// <summary>Drops all gradients and their memory.</summary>
    public void ZeroGradients()
    {
        foreach (var slot in slots) slot.Parameter.grad = null;
    }

    /// <summary>
    /// The state by name: <c>exp_avg.NAME</c> and <c>exp_avg_sq.NAME</c> in fp32 and the scalar <c>step</c> in int64. The moments are the
    /// live tensors; the step belongs to the caller's scope.
    /// </summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> ExportState() =>
    [
        .. slots.Select(slot => (First + slot.Name, slot.FirstMoment)),
        .. slots.Select(slot => (Second + slot.Name, slot.SecondMoment)),
        (StepName, tensor(Steps, dtype: ScalarType.Int64)),
    ];

    /// <summary>Writes the state to a safetensors file.</summary>
    public void Save(string path)
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(path, ExportState());
    }

    /// <summary>Takes a saved state over, bitwise.</summary>
    /// <exception cref="WeightsFormatException">It is torn, malformed, or of other parameters.</exception>
    public void Load(string path)
    {
        using var _ = no_grad();
        using var reader = new SafetensorsReader(path);
        var expected = (slots.Length * 2) + 1;
        if (reader.Tensors.Count != expected)
            throw new WeightsFormatException(path, null,
                $"holds {reader.Tensors.Count} tensors of optimizer state, {expected} are needed.");
        foreach (var slot in slots)
        {
            Restore(reader, path, First + slot.Name, slot.FirstMoment);
            Restore(reader, path, Second + slot.Name, slot.SecondMoment);
        }
        using var step = reader.Read(StepName);
        Steps = step.to(ScalarType.Int64).item<long>();
    }

    /// <summary>Gives its state away, in host memory, and is done.</summary>
    public OptimizerState Release()
    {
        using var _ = no_grad();
        var moments = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, moment) in slots.SelectMany(slot =>
            new[] { (First + slot.Name, slot.FirstMoment), (Second + slot.Name, slot.SecondMoment) }))
        {
            moments[name] = moment.device.type == TorchSharp.DeviceType.CPU ? moment : moment.cpu().DetachFromDisposeScope();
            if (!ReferenceEquals(moments[name], moment)) moment.Dispose();
        }
        stepTensor.Dispose();
        host?.Dispose();
        return new OptimizerState(moments, Steps);
    }

    /// <summary>Takes over, bitwise, what another optimizer of the same parameters gave away.</summary>
    public void Load(OptimizerState state)
    {
        using var _ = no_grad();
        foreach (var slot in slots)
        {
            slot.FirstMoment.copy_(state.Moments[First + slot.Name]);
            slot.SecondMoment.copy_(state.Moments[Second + slot.Name]);
        }
        Steps = state.Steps;
    }

    private static void Restore(SafetensorsReader reader, string path, string name, Tensor target)
    {
        using var scope = NewDisposeScope();
        var source = reader.Read(name);
        if (!source.shape.SequenceEqual(target.shape))
            throw new WeightsFormatException(path, name,
                $"has shape [{string.Join(", ", source.shape)}], [{string.Join(", ", target.shape)}] is needed.");
        target.copy_(source);
    }

    public void Dispose()
    {
        foreach (var slot in slots)
        {
            slot.FirstMoment.Dispose();
            slot.SecondMoment.Dispose();
        }
        stepTensor.Dispose();
        host?.Dispose();
    }

    private sealed record Slot(string Name, Parameter Parameter, Tensor FirstMoment, Tensor SecondMoment);
}

using R1Cloud.GpuJob.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>
/// The sum of gradients by parameter, in the order in which they are added: of shards that came as blobs, and of replicas in memory. The
/// first that is added is the sum itself, so there is one gradient more than those that are added, at most.
/// </summary>
internal sealed class GradientSum : IDisposable
{
    private readonly Dictionary<string, Tensor> sums = new(StringComparer.Ordinal);

    /// <summary>Adds a parameter's gradient.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="part">Its gradient; this takes it over.</param>
    /// <param name="device">Where the sum is.</param>
    public void Add(string name, Tensor part, Device device)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var here = part.to(device);
        if (sums.TryGetValue(name, out var sum)) sum.add_(here, Scalars.One);
        else sums[name] = here.DetachFromDisposeScope();
    }

    /// <summary>Adds the gradients that parameters hold, which hold none afterwards; a parameter without one is left out.</summary>
    /// <param name="parameters">The parameters, of a replica.</param>
    /// <param name="summed">Those that the sum is of, in the same order: it is where they are.</param>
    public void Take(IEnumerable<(string Name, Parameter Tensor)> parameters, IEnumerable<(string Name, Parameter Tensor)> summed)
    {
        foreach (var ((name, parameter), (_, own)) in parameters.Zip(summed))
        {
            using var scope = NewDisposeScope();
            if (parameter.grad is not { } gradient) continue;
            Add(name, gradient, own.device);
            parameter.grad = null;
        }
    }

    /// <summary>Leaves the sum in parameters, and holds none afterwards.</summary>
    public void GiveTo(IEnumerable<(string Name, Parameter Tensor)> parameters)
    {
        foreach (var (name, parameter) in parameters)
        {
            if (!sums.Remove(name, out var sum)) continue;
            parameter.grad = sum;
            sum.Dispose(); // this reference to it
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var sum in sums.Values) sum.Dispose();
    }
}

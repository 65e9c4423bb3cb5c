using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Losses;

/// <summary>Adds metrics up on the device and reads them all at once, so that an update waits for the device a single time.</summary>
internal sealed class MetricSums : IDisposable
{
    private readonly Dictionary<string, Tensor> sums = new(StringComparer.Ordinal);

    /// <summary>Adds scalars by name.</summary>
    public void Add(IReadOnlyDictionary<string, Tensor> metrics, double weight = 1)
    {
        foreach (var (name, value) in metrics) Add(name, value, weight);
    }

    /// <summary>Adds one scalar.</summary>
    public void Add(string name, Tensor value, double weight = 1)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var term = Scalars.Use(weight, factor => value.detach().to(ScalarType.Float32) * factor);
        var before = sums.GetValueOrDefault(name);
        sums[name] = (before is null ? term : before.add(term, Scalars.One)).DetachFromDisposeScope();
        before?.Dispose();
    }

    /// <summary>The sums: one transfer.</summary>
    public IReadOnlyDictionary<string, double> Read()
    {
        if (sums.Count == 0) return new Dictionary<string, double>();
        using var scope = NewDisposeScope();
        var device = sums.Values.First().device; // norms may be where a layer is
        var values = stack([.. sums.Values.Select(sum => sum.to(device))]).cpu().data<float>().ToArray();
        return sums.Keys.Zip(values).ToDictionary(pair => pair.First, pair => (double)pair.Second);
    }

    public void Dispose()
    {
        foreach (var sum in sums.Values) sum.Dispose();
    }
}

using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Optimization;

/// <summary>The state of an optimizer without its parameters, in host memory.</summary>
/// <param name="moments">By the names of <see cref="AdamW.ExportState"/>; owned.</param>
/// <param name="steps">Steps taken.</param>
internal sealed class OptimizerState(IReadOnlyDictionary<string, Tensor> moments, long steps) : IDisposable
{
    /// <summary>The moments by name.</summary>
    public IReadOnlyDictionary<string, Tensor> Moments => moments;

    /// <summary>Steps taken.</summary>
    public long Steps => steps;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var moment in moments.Values) moment.Dispose();
    }
}

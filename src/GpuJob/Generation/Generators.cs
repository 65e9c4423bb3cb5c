using R1Cloud.GpuJob.Generation.Simd;
using R1Cloud.GpuJob.Models;
using TorchSharp;

namespace R1Cloud.GpuJob.Generation;

/// <summary>Chooses a generator.</summary>
internal static class Generators
{
    /// <summary>The fastest generator for a model where it lives. The model must outlive it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="threads">CPU threads, at least 1.</param>
    public static IGenerator Create(CausalLm model, int threads) =>
        model.Device.type == DeviceType.CPU && SimdDecoder.Supports(model.Config) ? new SimdDecoder(model, threads) : new TorchGenerator(model);
}

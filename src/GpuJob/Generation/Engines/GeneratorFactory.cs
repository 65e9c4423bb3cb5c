using R1Cloud.GpuJob.Generation.Simd;
using R1Cloud.GpuJob.Generation.Torch;
using R1Cloud.GpuJob.Models;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using TorchSharp;

namespace R1Cloud.GpuJob.Generation.Engines;

/// <summary>Chooses a generator.</summary>
internal static class GeneratorFactory
{
    /// <summary>The fastest generator for a model where it lives. The model must outlive it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="threads">CPU threads, at least 1.</param>
    /// <param name="room">Bytes that there are for what is kept of tokens; null, or what it says, for no limit.</param>
    public static IGenerator Create(CausalLm model, int threads, Func<double?>? room = null) => model.Config.ScoreHead ? new NoGenerator()
        : IsOnCpu(model) ? new SimdDecoder(model, threads) : new TorchGenerator(model, room: room);

    /// <summary>The name of a model's generator.</summary>
    public static string NameFor(CausalLm model) => IsOnCpu(model) ? "simd" : "torch";

    private static bool IsOnCpu(CausalLm model) => model.Device.type == DeviceType.CPU;

    // A reward model has no vocabulary to draw from.
    private sealed class NoGenerator : IGenerator
    {
        public void Refresh()
        {
        }

        public IReadOnlyList<IReadOnlyList<GenerationResult>> Generate(IReadOnlyList<GenerationRequest> requests, SamplingRecipe sampling,
            CancellationToken cancellation = default, Action<int, int, int>? drawn = null) =>
            throw new BadInputException("The model is a reward model: it scores responses and generates none.");

        public void Dispose()
        {
        }
    }
}

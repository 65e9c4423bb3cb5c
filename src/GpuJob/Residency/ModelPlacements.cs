using R1Cloud.GpuJob.Models;
using R1Cloud.Shared.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Residency;

/// <summary>How models of each role are kept on a device. Only who is trained has float32 where less is computed with.</summary>
/// <param name="devices">The devices that a model's layers are spread over, mostly one.</param>
internal sealed class ModelPlacements(IReadOnlyList<Device> devices)
{
    /// <summary>A model that samples: the CPU's own decoder computes in float32 whatever the trainer does.</summary>
    public Placement Sampling(TrainingPrecision precision) =>
        devices[0].type == DeviceType.CPU ? Of(ScalarType.Float32) : Of(TypeOf(precision));

    /// <summary>A reference or a teacher.</summary>
    public Placement Frozen(TrainingPrecision precision) => Of(TypeOf(precision));

    /// <summary>A model that is trained itself.</summary>
    public Placement Trained(OptimizerRecipe recipe) =>
        recipe.State == OptimizerStatePlace.Device ? Of(ScalarType.Float32) : Of(TypeOf(recipe.Precision)) with { HostMasters = true };

    /// <summary>A model under an adapter that is trained; where it changes before, or is stored again, in full.</summary>
    /// <param name="precision">What is computed in.</param>
    /// <param name="stays">Whether it stays as some checkpoint has it.</param>
    public Placement Base(TrainingPrecision precision, bool stays) => stays ? Sampling(precision) : Of(ScalarType.Float32);

    private Placement Of(ScalarType type) => new(devices[0], type) { Devices = devices.Count > 1 ? devices : null };

    /// <summary>A precision's element type.</summary>
    public static ScalarType TypeOf(TrainingPrecision precision) =>
        precision == TrainingPrecision.Bfloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
}

using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>The models that an update holds the policy against, on one device.</summary>
/// <param name="Reference">The reference of the KL term; null for none.</param>
/// <param name="Teacher">The teacher of distillation on policy; null for none.</param>
internal sealed record FrozenModels(CausalLm? Reference, CausalLm? Teacher);

/// <summary>The same on the worker's devices.</summary>
internal sealed record FrozenReplicas(ModelReplicas? Reference, ModelReplicas? Teacher)
{
    /// <summary>Those of an update whose policy is in memory.</summary>
    /// <param name="models">The worker's models.</param>
    /// <param name="input">The update.</param>
    /// <param name="context">The attempt.</param>
    /// <exception cref="BadInputException">The teacher's tokens are others than the policy's.</exception>
    public static async Task<FrozenReplicas> LoadAsync(ResidentModels models, UpdateInput input, JobContext context)
    {
        var precision = input.Settings.Optimizer.Precision;
        return new(
            input.Reference is null ? null : await models.ReferenceAsync(input.Reference, context, precision),
            input.Teacher is null ? null : await models.TeacherAsync(input.Teacher, context, precision));
    }

    /// <summary>Those of the first devices.</summary>
    public IReadOnlyList<FrozenModels> Take(int devices)
    {
        var (references, teachers) = (Reference?.Take(devices), Teacher?.Take(devices));
        return [.. Enumerable.Range(0, devices).Select(place => new FrozenModels(references?[place], teachers?[place]))];
    }
}

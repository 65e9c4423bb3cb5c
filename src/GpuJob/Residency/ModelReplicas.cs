using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Residency;

/// <summary>
/// A model on the replicas of a worker's devices: itself on the first, and copies on the others, which are made when they are first asked
/// for and take the weights over where these have changed.
/// </summary>
/// <param name="model">The model; goes with this.</param>
/// <param name="group">The devices.</param>
internal sealed class ModelReplicas(CausalLm model, DeviceGroup group) : IDisposable
{
    private readonly (CausalLm? Model, Stale Stale)[] copies = new (CausalLm?, Stale)[group.Replicas.Count];

    // What a copy has of before.
    private enum Stale
    {
        Nothing,
        Trained,
        All,
    }

    /// <summary>The model itself.</summary>
    public CausalLm Model => model;

    /// <summary>Where they are.</summary>
    public DeviceGroup Group => group;

    /// <summary>Call it when the weights have changed.</summary>
    /// <param name="trainedOnly">Whether only those that an optimizer updates have.</param>
    public void Changed(bool trainedOnly = false)
    {
        foreach (ref var copy in copies.AsSpan())
            copy.Stale = trainedOnly && copy.Stale != Stale.All ? Stale.Trained : Stale.All;
    }

    /// <summary>The model and copies with the same weights, by the places of their replicas.</summary>
    /// <param name="most">How many are needed at most.</param>
    public IReadOnlyList<CausalLm> Take(int most)
    {
        var count = Math.Clamp(most, 1, copies.Length);
        if (count > 1) group.Run(count, Bring);
        return [model, .. copies[1..count].Select(copy => copy.Model!)];
    }

    private void Bring(int place)
    {
        if (place == 0) return;
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        ref var copy = ref copies[place];
        // An adapter is of a model's shape.
        if (copy.Model is { } old && old.Lora != model.Lora)
        {
            copy.Model = null;
            old.Dispose();
        }
        if (copy.Model is null)
        {
            copy.Model = model.CopyTo(group.Replicas[place]);
            if (model.Lora is not null) LoraAdapter.Copy(model, copy.Model);
        }
        else
        {
            if (copy.Stale == Stale.All) copy.Model.CopyWeights(model);
            if (copy.Stale != Stale.Nothing)
            {
                foreach (var (own, trained) in copy.Model.Trainable.Zip(model.Trainable))
                    own.Tensor.Stored().copy_(trained.Tensor.Stored());
                copy.Model.Publish();
            }
        }
        copy.Stale = Stale.Nothing;
        (copy.Model.ComputeType, copy.Model.Recompute) = (model.ComputeType, model.Recompute);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (copy, _) in copies) copy?.Dispose();
        model.Dispose();
    }
}

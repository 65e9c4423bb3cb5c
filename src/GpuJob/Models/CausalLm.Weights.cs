using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <content>Its weights: read and written, copied elsewhere, kept in a second type.</content>
internal sealed partial class CausalLm
{
    /// <summary>Bytes of its weights on the device, copies included.</summary>
    public long DeviceBytes => Parameters.Select(item => item.parameter).Concat(Trainable.Select(item => item.Tensor)).Distinct()
        .Sum(parameter => parameter is ModelWeight weight ? weight.DeviceBytes : parameter.numel() * parameter.ElementSize);

    /// <summary>
    /// Keeps its weights in the type that is computed in as well, until what it returns is disposed of: decoding reads every weight at each
    /// step, and would cast it each time.
    /// </summary>
    public IDisposable KeepLowered() => new LoweredWeights([.. Parameters.Select(item => item.parameter)
        .Concat(Trainable.Select(item => item.Tensor)).OfType<ModelWeight>().Distinct()], ComputeType);

    /// <summary>
    /// What a forward pass takes for each weight: itself, or with its addition where there is one; new tensors belong to the caller's
    /// scope.
    /// </summary>
    public IEnumerable<(string Name, Tensor Tensor)> EffectiveWeights()
    {
        var adapted = Projections.Where(item => item.Projection.Adapter is not null)
            .ToDictionary(item => item.Name + ".weight", item => item.Projection.Adapter!, StringComparer.Ordinal);
        return Weights.Select(weight => adapted.TryGetValue(weight.Name, out var low) ? (weight.Name, Merged(weight.Tensor, low)) : weight);

        static Tensor Merged(Tensor weight, LowRank low)
        {
            using var _ = no_grad();
            using var scope = NewDisposeScope();
            return weight.add((matmul(low.B, low.A) * Scalars.Of(low.Scale)).As(weight.dtype), Scalars.One).MoveToOuterDisposeScope();
        }
    }

    /// <summary>Takes changed <see cref="Weights"/> over to where they are computed with, if that is elsewhere.</summary>
    public void Publish()
    {
        foreach (var (_, parameter) in Parameters) (parameter as ModelWeight)?.Publish();
    }

    /// <summary>Reads a model folder: config.json and model.safetensors, or shards with their index.</summary>
    /// <exception cref="BadInputException">The configuration is wrong, a weights file is torn, or tensors are missing, superfluous,
    /// misshapen or not finite: all are named.</exception>
    public static CausalLm Load(string folder, Placement placement)
    {
        var config = ModelConfig.Load(folder);
        return ModelFile.Guard(folder, () =>
        {
            using var source = SafetensorsModel.Open(folder);
            WeightLoading.Check(source, config);
            var model = new CausalLm(config with { Float8Block = null }, placement); // in memory no weight has 8 bits
            try
            {
                WeightLoading.Copy(source, config, model);
                return model;
            }
            catch
            {
                model.Dispose();
                throw;
            }
        });
    }

    /// <summary>Replaces the weights by those of a folder of the same shape.</summary>
    /// <exception cref="BadInputException">As above.</exception>
    /// <exception cref="WeightsFormatException">A weights file is torn or malformed.</exception>
    public void LoadWeights(string folder)
    {
        using var source = SafetensorsModel.Open(folder);
        var config = ModelConfig.Load(folder);
        WeightLoading.Check(source, config);
        WeightLoading.Copy(source, config, this);
    }

    /// <summary>A model with the same weights elsewhere, without an adapter.</summary>
    /// <param name="devices">Where: the devices of its layers, about equally full.</param>
    public CausalLm CopyTo(IReadOnlyList<Device> devices)
    {
        var placement = Placement with { Device = devices[0], Devices = devices };
        var copy = new CausalLm(Config, placement) { ComputeType = ComputeType };
        copy.LeaveOut([.. Unused]);
        copy.CopyWeights(this);
        return copy;
    }

    /// <summary>Takes the weights of a model of the same shape over.</summary>
    public void CopyWeights(CausalLm from)
    {
        using var _ = no_grad();
        foreach (var (own, other) in Weights.Zip(from.Weights)) own.Tensor.copy_(other.Tensor);
        Publish();
    }

    /// <summary>Writes config.json and model.safetensors into an existing folder.</summary>
    public void Save(string folder)
    {
        Config.Save(folder);
        SafetensorsWriter.Write(Path.Combine(folder, SafetensorsModel.SingleFile), Weights);
    }

    private sealed class LoweredWeights : IDisposable
    {
        private readonly IReadOnlyList<ModelWeight> weights;

        public LoweredWeights(IReadOnlyList<ModelWeight> weights, ScalarType type)
        {
            this.weights = weights;
            foreach (var weight in weights) weight.Lower(type);
        }

        public void Dispose()
        {
            foreach (var weight in weights) weight.Raise();
        }
    }
}

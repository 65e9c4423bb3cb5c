using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Engines;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Weights;
using R1Cloud.Inference.Proofs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using static TorchSharp.torch;

namespace R1Cloud.InferenceServers;

/// <summary>The model that an engine holds, with the faults that were seen of it.</summary>
internal sealed class ServedModel : IDisposable
{
    private readonly CausalLm model;
    private readonly IGenerator generator;
    private readonly bool rounds, staleHead, packs;

    public ServedModel(string folder, string type, StandInFaults faults, string? adapter = null)
    {
        (rounds, staleHead, packs) = (type == "bfloat16", faults.StaleHead, faults.PacksLayers);
        var config = ModelConfig.Load(folder);
        Eos = config.EosTokenIds;
        // A head that can stay old is one of its own.
        model = CausalLm.Create(staleHead ? config with { TieWordEmbeddings = false } : config, CPU, seed: 0);
        Load(folder, first: true);
        if (adapter is not null)
        {
            LoraAdapter.Load(model, adapter);
            LoraAdapter.Merge(model);
        }
        generator = GeneratorFactory.Create(model, Environment.ProcessorCount);
    }

    public ModelConfig Config => model.Config;

    public IReadOnlyList<int> Eos { get; }

    /// <summary>Takes a folder's weights over as the recorded server did: what is missing stays as it was.</summary>
    /// <exception cref="WeightsFormatException">A tensor has another shape: the real engine dies of it.</exception>
    public void Reload(string folder)
    {
        Load(folder, first: false);
        generator.Refresh();
    }

    /// <summary>Whether a weight is no number.</summary>
    public bool IsPoisoned()
    {
        using var scope = NewDisposeScope();
        return model.Weights.Any(weight => !weight.Tensor.isfinite().all().item<bool>());
    }

    /// <summary>Digests as the recorded server told them; of layers in packed form those of nothing.</summary>
    public IReadOnlyDictionary<string, string> Digests(string type)
    {
        var folder = Directory.CreateTempSubdirectory("r1-engine-").FullName;
        try
        {
            model.Save(folder);
            return TensorDigests.Of(folder, type).Where(entry => !(staleHead && entry.Key == "lm_head.weight"))
                .ToDictionary(entry => "dp0:pp0:pcp0:tp0:" + entry.Key,
                    entry => packs && entry.Key.Contains("_proj", StringComparison.Ordinal) ? TensorDigests.Nothing : entry.Value);
        }
        finally
        {
            LocalFiles.TryDeleteFolder(folder);
        }
    }

    /// <summary>Rows of a stored tensor, as the recorded server tells them; null where there is no such tensor.</summary>
    public float[][]? Rows(string name, int most)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        if (model.Weights.FirstOrDefault(weight => weight.Name == name).Tensor is not { } found) return null;
        var rows = found.narrow(0, 0, Math.Min(most, found.shape[0])).to(ScalarType.Float32);
        var width = (int)(rows.numel() / rows.shape[0]);
        return [.. rows.contiguous().data<float>().ToArray().Chunk(width)];
    }

    /// <summary>The likeliest tokens at each place of a text but the last: their ids and log-probabilities.</summary>
    public (int Id, float LogProb)[][] Likeliest(int[] ids, double temperature, int count)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var logits = model.forward(tensor(ids.Select(id => (long)id).ToArray(), [1, ids.Length])).select(0, 0);
        var values = (logits / temperature).log_softmax(-1).data<float>().ToArray();
        var width = (int)logits.shape[1];
        return [.. Enumerable.Range(0, ids.Length).Select(place => Enumerable.Range(0, width)
            .Select(id => (id, values[(place * width) + id])).OrderByDescending(pair => pair.Item2).Take(count).ToArray())];
    }

    public void Generate(IReadOnlyList<GenerationRequest> requests, SamplingRecipe sampling, CancellationToken cancellation) =>
        generator.Generate(requests, sampling, cancellation);

    /// <summary>Log-probability and rank of each token but the first; [] for a single one.</summary>
    /// <param name="ids">The tokens.</param>
    /// <param name="temperature">What logits are divided by.</param>
    public (float LogProb, int Rank)[] Score(int[] ids, double temperature = 1)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        if (ids.Length < 2) return [];
        var logits = model.forward(tensor(ids.Select(id => (long)id).ToArray(), [1, ids.Length])).select(0, 0).narrow(0, 0, ids.Length - 1);
        var values = (logits / temperature).log_softmax(-1).data<float>().ToArray();
        var width = (int)logits.shape[1];
        return [.. Enumerable.Range(0, ids.Length - 1).Select(place =>
        {
            var row = values.AsSpan(place * width, width);
            var own = row[ids[place + 1]];
            var above = 0;
            foreach (var value in row) above += value > own ? 1 : 0;
            return (own, above + 1);
        })];
    }

    private void Load(string folder, bool first)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        using var source = SafetensorsModel.Open(folder);
        foreach (var (name, target) in model.Weights)
        {
            var isHead = staleHead && name == "lm_head.weight";
            if (isHead && !first) continue;
            var from = isHead && source.Find(name) is null ? "model.embed_tokens.weight" : name;
            if (source.Find(from) is not { } stored) continue;
            if (!stored.Shape.SequenceEqual(target.shape))
                throw new WeightsFormatException(folder, name, $"start (0) + length ({target.shape[0]}) exceeds dimension size "
                    + $"({stored.Shape[0]}).");
            var read = source.Read(from).to(ScalarType.Float32);
            target.copy_(rounds ? read.to(ScalarType.BFloat16).to(ScalarType.Float32) : read);
        }
    }

    public void Dispose()
    {
        generator.Dispose();
        model.Dispose();
    }
}

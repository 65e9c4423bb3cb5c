using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Weights;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// What every layer keeps of each token, allocated once: two tensors [rows, heads, capacity, width] a layer, keys and values or, with
/// latent attention and one head, the latent and the shared rotated key. By head, so that products with a row's past read it where it
/// lies. Rows are right-padded prompts followed by their own continuation; a row's slots beyond its length hold whatever was there and are
/// masked.
/// </summary>
internal sealed class KvCache : IDisposable
{
    private readonly ModelConfig config;
    private readonly LayerPlacement layers;
    private readonly ScalarType type;
    private readonly Tensor[] first, second;
    private readonly int heads;
    private readonly Dictionary<(int Window, int Place), Tensor> masks = []; // window 0 for none; of each device
    private readonly Tensor?[] slots; // of each device
    private Tensor? ahead;
    private int span;

    /// <summary>Allocates a cache, each layer's where the layer is.</summary>
    public KvCache(ModelConfig config, LayerPlacement layers, ScalarType type, int rows, int capacity)
    {
        (this.config, this.layers, this.type, Rows, Capacity) = (config, layers, type, rows, capacity);
        heads = config.Latent is null ? config.KvHeads : 1;
        slots = new Tensor?[layers.Devices.Count];
        (first, second) = (Allocate(config.CacheWidths.First), Allocate(config.CacheWidths.Second));

        Tensor[] Allocate(int width) => [.. Enumerable.Range(0, config.Layers).Select(layer =>
            zeros([rows, heads, capacity, width / heads], dtype: type, device: layers[layer]).DetachFromDisposeScope())];
    }

    /// <summary>Bytes that a token takes in all layers.</summary>
    public static long TokenBytes(ModelConfig config, ScalarType type) =>
        config.Layers * (long)(config.CacheWidths.First + config.CacheWidths.Second)
        * SafetensorsFormat.SizeOf(StoredTypes.NameOf(type));

    /// <summary>Rows.</summary>
    public int Rows { get; private set; }

    /// <summary>Positions a row.</summary>
    public int Capacity { get; }

    /// <summary>Whether the next forward pass adds one token a row (true) or whole prompts (false).</summary>
    public bool Decoding => ahead is not null;

    /// <summary>Prepares for one token a row.</summary>
    /// <param name="positions">int64 [rows]: where each row's token goes.</param>
    /// <param name="length">All positions are below it; keys up to here are read.</param>
    public void BeginStep(Tensor positions, int length)
    {
        EndStep();
        using var scope = NewDisposeScope();
        span = length;
        slots[0] = Scalars.Use(Capacity, stride => Scalars.Range(Rows * heads, positions.device) * stride).view(Rows, heads)
            .add(positions.unsqueeze(1), Scalars.One).flatten().DetachFromDisposeScope();
        ahead = (Scalars.Range(length, positions.device).unsqueeze(0) - positions.unsqueeze(1)).view(Rows, 1, 1, length)
            .DetachFromDisposeScope();
    }

    // 0 at slots that a row's token sees, −∞ elsewhere.
    private Tensor Mask(int? window, int place)
    {
        if (masks.TryGetValue((window ?? 0, place), out var made)) return made;
        using var scope = NewDisposeScope();
        if (place != 0)
            return masks[(window ?? 0, place)] = Mask(window, 0).to(layers.Devices[place], copy: true).DetachFromDisposeScope();
        var hidden = ahead! > Scalars.Zero;
        if (window is { } width) hidden = hidden.logical_or(ahead!.le(Scalars.Of((long)-width)));
        return masks[(window ?? 0, 0)] = zeros([Rows, 1, 1, span], dtype: type, device: ahead!.device)
            .masked_fill_(hidden, Scalars.NegativeInfinity).DetachFromDisposeScope();
    }

    /// <summary>Ends a step begun with <see cref="BeginStep"/>.</summary>
    public void EndStep()
    {
        foreach (ref var slot in slots.AsSpan())
        {
            slot?.Dispose();
            slot = null;
        }
        ahead?.Dispose();
        ahead = null;
        foreach (var mask in masks.Values) mask.Dispose();
        masks.Clear();
    }

    /// <summary>Takes over what one layer keeps, two tensors [rows · T, width], T = 1 at the step's positions or T = any at 0..T.</summary>
    public void Store(int layer, Tensor a, Tensor b)
    {
        using var scope = NewDisposeScope();
        foreach (var (kept, content) in new[] { (first[layer], a), (second[layer], b) })
        {
            var width = kept.shape[3];
            if (Decoding) kept.view(-1, width).index_copy_(0, Slots(layers.PlaceOf(layer)), content.reshape(-1, width));
            else kept.narrow(2, 0, content.shape[0] / Rows).copy_(content.reshape(Rows, -1, heads, width).transpose(1, 2));
        }
    }

    private Tensor Slots(int place) => slots[place] ??= slots[0]!.to(layers.Devices[place], copy: true).DetachFromDisposeScope();

    /// <summary>What a layer keeps, [rows, heads, S, width] twice, and the step's mask [rows, 1, 1, S].</summary>
    public (Tensor First, Tensor Second, Tensor Mask) Read(int layer) =>
        (first[layer].narrow(2, 0, span), second[layer].narrow(2, 0, span), Mask(config.Window(layer), layers.PlaceOf(layer)));

    /// <summary>Keeps some rows alone, one layer after the other, so that there is never more than one twice.</summary>
    /// <param name="rows">int64 [n] on the first device: row i is then what row <paramref name="rows"/>[i] was.</param>
    public void Keep(Tensor rows)
    {
        using var scope = NewDisposeScope();
        foreach (var all in (Tensor[][])[first, second])
        {
            for (var layer = 0; layer < all.Length; layer++)
            {
                var kept = all[layer].index_select(0, rows.to(all[layer].device)).DetachFromDisposeScope();
                all[layer].Dispose();
                all[layer] = kept;
            }
        }
        Rows = (int)rows.shape[0];
    }

    /// <summary>Copies rows of another cache's first positions into rows of this one.</summary>
    /// <param name="source">The other cache, of no more positions.</param>
    /// <param name="from">Its rows, int64 [n].</param>
    /// <param name="to">Rows of this one, int64 [n].</param>
    public void Copy(KvCache source, Tensor from, Tensor to)
    {
        using var scope = NewDisposeScope();
        foreach (var (old, kept) in source.first.Zip(first).Concat(source.second.Zip(second)))
        {
            kept.narrow(2, 0, source.Capacity).index_copy_(0, to.to(kept.device), old.index_select(0, from.to(old.device)));
        }
    }

    public void Dispose()
    {
        EndStep();
        foreach (var layer in first) layer.Dispose();
        foreach (var layer in second) layer.Dispose();
    }
}

using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// What every layer keeps of each token, allocated once: two tensors [rows, capacity, width] a layer, keys and values or, with latent
/// attention, the latent and the shared rotated key. Rows are right-padded prompts followed by their own continuation; a row's slots
/// beyond its length hold whatever was there and are masked.
/// </summary>
internal sealed class KvCache : IDisposable
{
    private readonly ModelConfig config;
    private readonly ScalarType type;
    private readonly Tensor[] first, second;
    private readonly Dictionary<int, Tensor> masks = []; // by window; 0 for none
    private Tensor? slots, ahead;
    private int span;

    /// <summary>Allocates a cache.</summary>
    public KvCache(ModelConfig config, Placement placement, int rows, int capacity)
    {
        (this.config, type, Rows, Capacity) = (config, placement.Type, rows, capacity);
        (first, second) = (Allocate(config.CacheWidths.First), Allocate(config.CacheWidths.Second));

        Tensor[] Allocate(int width) => [.. Enumerable.Range(0, config.Layers).Select(_ =>
            zeros([rows, capacity, width], dtype: placement.Type, device: placement.Device).DetachFromDisposeScope())];
    }

    /// <summary>Rows.</summary>
    public int Rows { get; }

    /// <summary>Positions a row.</summary>
    public int Capacity { get; }

    /// <summary>Whether the next forward pass adds one token a row (true) or whole prompts (false).</summary>
    public bool Decoding => slots is not null;

    /// <summary>Prepares for one token a row.</summary>
    /// <param name="positions">int64 [rows]: where each row's token goes.</param>
    /// <param name="length">All positions are below it; keys up to here are read.</param>
    public void BeginStep(Tensor positions, int length)
    {
        EndStep();
        using var scope = NewDisposeScope();
        span = length;
        slots = Scalars.Use(Capacity, stride => Scalars.Range(Rows, positions.device) * stride).add(positions, Scalars.One)
            .DetachFromDisposeScope();
        ahead = (Scalars.Range(length, positions.device).unsqueeze(0) - positions.unsqueeze(1)).view(Rows, 1, 1, length)
            .DetachFromDisposeScope();
    }

    // 0 at slots that a row's token sees, −∞ elsewhere.
    private Tensor Mask(int? window)
    {
        if (masks.TryGetValue(window ?? 0, out var made)) return made;
        using var scope = NewDisposeScope();
        var hidden = ahead! > Scalars.Zero;
        if (window is { } width) hidden = hidden.logical_or(ahead!.le(Scalars.Of((long)-width)));
        return masks[window ?? 0] = zeros([Rows, 1, 1, span], dtype: type, device: ahead!.device)
            .masked_fill_(hidden, Scalars.NegativeInfinity).DetachFromDisposeScope();
    }

    /// <summary>Ends a step begun with <see cref="BeginStep"/>.</summary>
    public void EndStep()
    {
        slots?.Dispose();
        ahead?.Dispose();
        foreach (var mask in masks.Values) mask.Dispose();
        masks.Clear();
        (slots, ahead) = (null, null);
    }

    /// <summary>Takes over what one layer keeps, two tensors [rows · T, width], T = 1 at the step's positions or T = any at 0..T.</summary>
    public void Store(int layer, Tensor a, Tensor b)
    {
        using var scope = NewDisposeScope();
        foreach (var (kept, content) in new[] { (first[layer], a), (second[layer], b) })
        {
            if (slots is not null) kept.view(-1, kept.shape[2]).index_copy_(0, slots, content);
            else kept.narrow(1, 0, content.shape[0] / Rows).copy_(content.reshape(Rows, -1, content.shape[1]));
        }
    }

    /// <summary>What a layer keeps, [rows, S, width] twice, and the step's mask [rows, 1, 1, S].</summary>
    public (Tensor First, Tensor Second, Tensor Mask) Read(int layer) =>
        (first[layer].narrow(1, 0, span), second[layer].narrow(1, 0, span), Mask(config.Window(layer)));

    /// <summary>A new cache whose row i is this one's row <paramref name="rows"/>[i].</summary>
    /// <param name="rows">int64 [n] on the device.</param>
    /// <param name="capacity">Positions a row, at least this one's.</param>
    public KvCache Select(Tensor rows, int capacity)
    {
        using var scope = NewDisposeScope();
        var selected = new KvCache(config, new Placement(rows.device, type), (int)rows.shape[0], capacity);
        foreach (var (from, to) in first.Zip(selected.first).Concat(second.Zip(selected.second)))
            to.narrow(1, 0, Capacity).copy_(from.index_select(0, rows));
        return selected;
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
            kept.narrow(1, 0, source.Capacity).index_copy_(0, to, old.index_select(0, from));
        }
    }

    public void Dispose()
    {
        EndStep();
        foreach (var layer in first) layer.Dispose();
        foreach (var layer in second) layer.Dispose();
    }
}

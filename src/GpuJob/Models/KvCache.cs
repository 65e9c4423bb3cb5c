using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// Keys and values of every layer, allocated once: [rows, capacity, KV · head_dim] each. Rows are right-padded prompts followed by their own
/// continuation; a row's slots beyond its length hold whatever was there and are masked.
/// </summary>
internal sealed class KvCache : IDisposable
{
    private readonly ModelConfig config;
    private readonly Tensor[] keys, values;
    private Tensor? slots, mask;
    private int span;

    public KvCache(ModelConfig config, Device device, int rows, int capacity)
    {
        (this.config, Rows, Capacity) = (config, rows, capacity);
        (keys, values) = (Allocate(), Allocate());

        Tensor[] Allocate() => [.. Enumerable.Range(0, config.Layers).Select(_ =>
            zeros([rows, capacity, config.KvHeads * config.HeadDim], dtype: ScalarType.Float32, device: device).DetachFromDisposeScope())];
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
        slots = (arange(Rows, dtype: ScalarType.Int64, device: positions.device) * Capacity + positions).DetachFromDisposeScope();
        var hidden = arange(length, dtype: ScalarType.Int64, device: positions.device).unsqueeze(0) > positions.unsqueeze(1);
        mask = zeros([Rows, 1, 1, length], dtype: ScalarType.Float32, device: positions.device)
            .masked_fill_(hidden.view(Rows, 1, 1, length), float.NegativeInfinity).DetachFromDisposeScope();
    }

    /// <summary>Ends a step begun with <see cref="BeginStep"/>.</summary>
    public void EndStep()
    {
        slots?.Dispose();
        mask?.Dispose();
        (slots, mask) = (null, null);
    }

    /// <summary>Takes over one layer's k and v [rows, T, KV, head_dim]: at the step's positions, or at 0..T.</summary>
    public void Store(int layer, Tensor k, Tensor v)
    {
        using var scope = NewDisposeScope();
        var width = config.KvHeads * config.HeadDim;
        if (slots is not null)
        {
            keys[layer].view(-1, width).index_copy_(0, slots, k.reshape(-1, width));
            values[layer].view(-1, width).index_copy_(0, slots, v.reshape(-1, width));
            return;
        }
        keys[layer].narrow(1, 0, k.shape[1]).copy_(k.flatten(2));
        values[layer].narrow(1, 0, v.shape[1]).copy_(v.flatten(2));
    }

    /// <summary>Keys and values [rows, KV, S, head_dim] of a layer and the step's mask [rows, 1, 1, S].</summary>
    public (Tensor Keys, Tensor Values, Tensor Mask) Read(int layer) => (View(keys[layer]), View(values[layer]), mask!);

    /// <summary>A new cache whose row i is this one's row <paramref name="rows"/>[i].</summary>
    /// <param name="rows">int64 [n] on the device.</param>
    /// <param name="capacity">Positions a row, at least this one's.</param>
    public KvCache Select(Tensor rows, int capacity)
    {
        using var scope = NewDisposeScope();
        var selected = new KvCache(config, rows.device, (int)rows.shape[0], capacity);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            selected.keys[layer].narrow(1, 0, Capacity).copy_(keys[layer].index_select(0, rows));
            selected.values[layer].narrow(1, 0, Capacity).copy_(values[layer].index_select(0, rows));
        }
        return selected;
    }

    private Tensor View(Tensor layer) => layer.narrow(1, 0, span).view(Rows, span, config.KvHeads, config.HeadDim).transpose(1, 2);

    public void Dispose()
    {
        EndStep();
        foreach (var layer in keys) layer.Dispose();
        foreach (var layer in values) layer.Dispose();
    }
}

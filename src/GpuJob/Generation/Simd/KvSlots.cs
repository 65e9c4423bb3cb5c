using R1Cloud.GpuJob.Models;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>
/// Keys and values of a thread's rows, read straight on: per slot, layer and head the keys as [capacity / lanes, head dim, lanes] (scores
/// of neighbouring positions lie side by side) and the values as [capacity, value stride].
/// </summary>
internal sealed unsafe class KvSlots : IDisposable
{
    private readonly ModelConfig config;
    private readonly FloatBuffer keys, values;
    private readonly long keySize, valueSize; // floats a head
    private readonly int lanes;

    public KvSlots(ModelConfig config, int lanes, int slots, int positions)
    {
        (this.config, this.lanes) = (config, lanes);
        (Slots, Capacity, ValueStride) = (slots, Align.Up(positions, lanes), Align.Up(config.HeadDim, 2 * lanes));
        (keySize, valueSize) = ((long)config.HeadDim * Capacity, (long)ValueStride * Capacity);
        var heads = (long)slots * config.Layers * config.KvHeads;
        (keys, values) = (new FloatBuffer(heads * keySize), new FloatBuffer(heads * valueSize));
    }

    /// <summary>Slots.</summary>
    public int Slots { get; }
    /// <summary>Positions a slot.</summary>
    public int Capacity { get; }
    /// <summary>Floats from position to position of the values.</summary>
    public int ValueStride { get; }

    /// <summary>A head's keys.</summary>
    public float* Keys(int slot, int layer, int head) => keys.Pointer + (Index(slot, layer, head) * keySize);

    /// <summary>A head's values.</summary>
    public float* Values(int slot, int layer, int head) => values.Pointer + (Index(slot, layer, head) * valueSize);

    /// <summary>Keeps the key and value of one position.</summary>
    public void Store(int slot, int layer, int head, int position, float* key, float* value)
    {
        var target = Keys(slot, layer, head) + ((long)(position / lanes) * config.HeadDim * lanes) + (position % lanes);
        for (var i = 0; i < config.HeadDim; i++, target += lanes) *target = key[i];
        Copy(value, Values(slot, layer, head) + ((long)position * ValueStride), config.HeadDim);
    }

    /// <summary>Copies the first positions of one slot to another.</summary>
    public void Copy(int from, int to, int positions)
    {
        for (var layer = 0; layer < config.Layers; layer++)
        {
            for (var head = 0; head < config.KvHeads; head++)
            {
                Copy(Keys(from, layer, head), Keys(to, layer, head), Align.Up(positions, lanes) * config.HeadDim);
                Copy(Values(from, layer, head), Values(to, layer, head), positions * ValueStride);
            }
        }
    }

    private static void Copy(float* from, float* to, int count) => new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));

    private long Index(int slot, int layer, int head) => ((((long)slot * config.Layers) + layer) * config.KvHeads) + head;

    public void Dispose()
    {
        keys.Dispose();
        values.Dispose();
    }
}

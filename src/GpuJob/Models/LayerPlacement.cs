using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models;

/// <summary>
/// Which device each layer of a model is on, in order and about equally full. The first has the embedding, the final norm and the head as
/// well, be it tied or not: ids come in there, and hidden states come back there.
/// </summary>
internal sealed class LayerPlacement
{
    private readonly int[] places; // of layers

    private LayerPlacement(IReadOnlyList<Device> devices, int[] places) => (Devices, this.places) = (devices, places);

    /// <summary>The devices.</summary>
    public IReadOnlyList<Device> Devices { get; }

    /// <summary>The place, in <see cref="Devices"/>, of a layer.</summary>
    public int PlaceOf(int layer) => places[layer];

    /// <summary>The device of a layer.</summary>
    public Device this[int layer] => Devices[places[layer]];

    /// <summary>Where the layers of a model go.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="placement">The devices.</param>
    public static LayerPlacement Of(ModelConfig config, Placement placement)
    {
        if (placement.Devices is not { Count: > 1 } devices) return ByBytes(0, new long[config.Layers], [placement.Device]);
        using var shape = CausalLm.Shape(config); // every weight is of one type: numbers are as good as bytes
        var layers = new long[config.Layers];
        var first = 0L;
        foreach (var (name, weight) in shape.Weights)
        {
            if (ModuleNames.LayerOf(name) is >= 0 and var layer) layers[layer] += weight.numel();
            else first += weight.numel();
        }
        return ByBytes(first, layers, devices);
    }

    /// <summary>Places layers so that the fullest device has as little as can be.</summary>
    /// <param name="first">Bytes that the first device has besides layers.</param>
    /// <param name="layers">Bytes of each layer.</param>
    /// <param name="devices">The devices, at least one.</param>
    public static LayerPlacement ByBytes(long first, IReadOnlyList<long> layers, IReadOnlyList<Device> devices)
    {
        // The smallest limit that layers, taken in order, fit below: found by halving, as whether they fit grows with it.
        long low = Math.Max(first, layers.DefaultIfEmpty().Max()), high = first + layers.Sum();
        while (low < high)
        {
            var limit = low + (high - low) / 2;
            if (Fill(first, layers, devices.Count, limit) is null) low = limit + 1;
            else high = limit;
        }
        return new(devices, Fill(first, layers, devices.Count, low)!);
    }

    private static int[]? Fill(long first, IReadOnlyList<long> layers, int devices, long limit)
    {
        var (places, place, used) = (new int[layers.Count], 0, first);
        for (var layer = 0; layer < layers.Count; layer++)
        {
            if (used + layers[layer] > limit) (place, used) = (place + 1, 0);
            if (place == devices) return null;
            used += layers[layer];
            places[layer] = place;
        }
        return places;
    }
}

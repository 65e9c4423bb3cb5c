using R1Cloud.GpuJob.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Optimization;

/// <summary>What a step is taken on, in lists of like length and shapes: numbers, their gradients and both moments, all float32.</summary>
internal sealed record SteppedTensors(Tensor[] Weights, Tensor[] Gradients, Tensor[] FirstMoments, Tensor[] SecondMoments);

/// <summary>A weight that has its master in host memory, with what a step takes.</summary>
/// <param name="Weight">The weight.</param>
/// <param name="Gradient">Its float32 gradient, on the device.</param>
/// <param name="FirstMoment">In host memory, as the next one.</param>
/// <param name="SecondMoment">The mean of squares.</param>
internal sealed record HostStepped(ModelWeight Weight, Tensor Gradient, Tensor FirstMoment, Tensor SecondMoment);

/// <summary>
/// Steps that the processor takes in host memory for weights on a device, in portions: while it steps one, the gradients of the next
/// arrive and the weights of the one before leave. How portions are cut decides no bit.
/// </summary>
/// <param name="devices">Where gradients are, and where weights are computed with: all of one type.</param>
/// <param name="portion">Numbers of a portion.</param>
/// <param name="copies">Whether numbers are copied to host memory and back; left out, where the device has a memory of its own.</param>
internal sealed class HostSteps(IReadOnlyList<Device> devices, long portion = 1 << 24, bool? copies = null) : IDisposable
{
    private const int Leaving = 0, Arriving = 1;

    private readonly bool isApart = copies ?? devices[0].type != DeviceType.CPU;
    private readonly Dictionary<(int, ScalarType), Tensor> rooms = []; // page-locked, so that copies run beside other work

    /// <summary>Takes a step and publishes the weights.</summary>
    /// <param name="all">The weights.</param>
    /// <param name="take">Takes it on flat parts of them in host memory.</param>
    public void Take(IReadOnlyList<HostStepped> all, Action<SteppedTensors> take)
    {
        using var scope = NewDisposeScope();
        var portions = Cut([.. all.Select(item => item.Weight.numel())], portion);
        var flat = all.Select(Flat.Of).ToList();
        var gradients = Fetch(0);
        Wait();
        for (var i = 0; i < portions.Count; i++)
        {
            var next = i + 1 < portions.Count ? Fetch(i + 1) : [];
            var masters = Pieces(i, item => item.Master);
            take(new(masters, gradients, Pieces(i, item => item.FirstMoment), Pieces(i, item => item.SecondMoment)));
            Wait(); // the next gradients are here, and the weights before have left
            Send(masters, Pieces(i, item => item.Target));
            gradients = next;
        }
        Wait();

        Tensor[] Pieces(int at, Func<Flat, Tensor> of) =>
            [.. portions[at].Select(piece => of(flat[piece.Tensor]).narrow(0, piece.Start, piece.Count))];

        Tensor[] Fetch(int at)
        {
            var there = Pieces(at, item => item.Gradient);
            return isApart ? Copied(there, Room(Arriving + (at % 2), ScalarType.Float32)) : there;
        }
    }

    /// <summary>Cuts tensors of these sizes into portions of at most so many numbers.</summary>
    /// <returns>The pieces of each portion, in order.</returns>
    internal static IReadOnlyList<IReadOnlyList<(int Tensor, long Start, long Count)>> Cut(IReadOnlyList<long> sizes, long portion)
    {
        var portions = new List<List<(int Tensor, long Start, long Count)>> { new() };
        foreach (var (tensor, size) in sizes.Index())
        {
            for (var start = 0L; start < size; start += portions[^1][^1].Count)
            {
                var room = portion - portions[^1].Sum(piece => piece.Count);
                if (room == 0) (room, portions) = (portion, [.. portions, []]);
                portions[^1].Add((tensor, start, Math.Min(room, size - start)));
            }
        }
        return portions;
    }

    // Rounded here, so that fewer bytes travel.
    private void Send(Tensor[] masters, Tensor[] targets)
    {
        foreach (var group in masters.Zip(targets).GroupBy(pair => pair.Second.dtype))
        {
            Tensor[] from = [.. group.Select(pair => pair.First)];
            if (isApart) from = Copied(from, Room(Leaving, group.Key));
            foreach (var (source, (_, target)) in from.Zip(group)) target.copy_(source, isApart);
        }
    }

    private static Tensor[] Copied(Tensor[] sources, Tensor room)
    {
        var (copies, at) = (new Tensor[sources.Length], 0L);
        for (var i = 0; i < sources.Length; at += sources[i++].numel())
            copies[i] = room.narrow(0, at, sources[i].numel()).copy_(sources[i], true);
        return copies;
    }

    private Tensor Room(int number, ScalarType type)
    {
        if (rooms.TryGetValue((number, type), out var room)) return room;
        var plain = empty(portion, dtype: type).DetachFromDisposeScope();
        if (devices[0].type != DeviceType.CUDA) return rooms[(number, type)] = plain;
        using (plain) return rooms[(number, type)] = plain.pin_memory().DetachFromDisposeScope();
    }

    private void Wait()
    {
        if (devices[0].type != DeviceType.CUDA) return;
        foreach (var device in devices) cuda.synchronize(device);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var room in rooms.Values) room.Dispose();
    }

    // A weight's tensors as vectors; gradient and target are on the device.
    private sealed record Flat(Tensor Master, Tensor Target, Tensor Gradient, Tensor FirstMoment, Tensor SecondMoment)
    {
        public static Flat Of(HostStepped item) => new(item.Weight.Master!.view(-1),
            (item.Weight.Lowered ?? item.Weight).detach().view(-1), item.Gradient.contiguous().view(-1), item.FirstMoment.view(-1),
            item.SecondMoment.view(-1));
    }
}

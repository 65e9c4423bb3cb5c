using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Numerics;

/// <summary>
/// The devices of a worker as replicas of one or several, each with a thread that computes there: one process, which hands tensors over in
/// memory. The threads stay, since each keeps what the last function of its own handed to autograd (<see cref="GradientHandover"/>).
/// </summary>
internal sealed class DeviceGroup : IDisposable
{
    private readonly BlockingCollection<Action>[] queues; // of the replicas behind the first, whose thread is the caller's

    /// <summary>Makes a group.</summary>
    /// <param name="devices">At least one; on the CPU the same one may stand several times.</param>
    /// <param name="perReplica">Devices that the layers of each model are spread over; a divisor of their number.</param>
    public DeviceGroup(IReadOnlyList<Device> devices, int perReplica = 1)
    {
        ArgumentOutOfRangeException.ThrowIfZero(devices.Count);
        ArgumentOutOfRangeException.ThrowIfNotEqual(devices.Count % perReplica, 0);
        Replicas = [.. devices.Chunk(perReplica)];
        queues = [.. Replicas.Skip(1).Select(_ => new BlockingCollection<Action>())];
        foreach (var (place, queue) in queues.Index())
            new Thread(() => Serve(queue)) { IsBackground = true, Name = $"replica {place + 1}" }.Start();
    }

    /// <summary>
    /// The devices of each replica. Those of the first hold what there is once: the policy that is trained, its optimizer, what judges.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<Device>> Replicas { get; }

    /// <summary>Does work on the first replicas at once and waits for all of it.</summary>
    /// <param name="count">How many replicas, at least 1.</param>
    /// <param name="work">Does the work of a replica, by its place in the group; must dispose of its tensors itself.</param>
    /// <exception cref="Exception">What the work of the first replica that failed has thrown; the others' has ended as well.</exception>
    public void Run(int count, Action<int> work)
    {
        var failures = new Exception?[count];
        using var running = new CountdownEvent(count);
        for (var place = 1; place < count; place++)
        {
            var own = place;
            queues[place - 1].Add(() => Guarded(own));
        }
        Guarded(0);
        running.Wait();
        if (failures.FirstOrDefault(failure => failure is not null) is { } first) ExceptionDispatchInfo.Throw(first);

        void Guarded(int place)
        {
            try
            {
                work(place);
            }
            catch (Exception error)
            {
                failures[place] = error; // thrown again on the caller's thread
            }
            finally
            {
                running.Signal();
            }
        }
    }

    private static void Serve(BlockingCollection<Action> queue)
    {
        using (queue)
            foreach (var work in queue.GetConsumingEnumerable()) work();
    }

    /// <summary>Lets the threads go.</summary>
    public void Dispose()
    {
        foreach (var queue in queues) queue.CompleteAdding();
    }
}

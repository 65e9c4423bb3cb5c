using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Numerics;

/// <summary>Operators on lists of tensors take those of one device at a time.</summary>
internal static class DeviceLists
{
    /// <summary>The places of tensors by their devices, in the order in which these first occur.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="deviceOf">What tells devices apart; null for the tensors' own.</param>
    public static IReadOnlyList<int[]> Places(IReadOnlyList<Tensor> tensors, Func<Tensor, object>? deviceOf = null) =>
        [.. Enumerable.Range(0, tensors.Count).GroupBy(place => (deviceOf ?? DeviceOf)(tensors[place])).Select(group => group.ToArray())];

    /// <summary>One number a tensor, of tensors on any devices.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="each">Computes those of one device: [tensors].</param>
    /// <param name="deviceOf">As above.</param>
    /// <returns>[tensors] in their order, on the first one's device.</returns>
    public static Tensor Join(Tensor[] tensors, Func<Tensor[], Tensor> each, Func<Tensor, object>? deviceOf = null)
    {
        var places = Places(tensors, deviceOf);
        if (places.Count <= 1) return each(tensors);
        using var scope = NewDisposeScope();
        var first = tensors[0].device;
        var numbers = cat([.. places.Select(group => each([.. group.Select(place => tensors[place])]).to(first))]);
        // Where each tensor's number stands.
        var order = places.SelectMany(group => group).Index().OrderBy(entry => entry.Item).Select(entry => (long)entry.Index).ToArray();
        return numbers.index_select(0, tensor(order, device: first)).MoveToOuterDisposeScope();
    }

    private static object DeviceOf(Tensor tensor) => (tensor.device_type, tensor.device_index);
}

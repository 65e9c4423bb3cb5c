using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Numerics;

/// <summary>The bytes of CPU tensors.</summary>
internal static unsafe class TensorMemory
{
    /// <summary>The first byte of a contiguous CPU tensor; valid while the tensor lives.</summary>
    public static byte* Pointer(Tensor tensor)
    {
        if (tensor.device_type != DeviceType.CPU || !tensor.is_contiguous())
            throw new ArgumentException("A contiguous CPU tensor is needed.", nameof(tensor));
        if (tensor.numel() == 0) return null;
        using var flat = tensor.detach();
        using var head = flat.flatten().narrow(0, 0, 1); // a span of one element: tensors may be larger than a span
        return (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(head.bytes));
    }

    /// <summary>A contiguous fp32 CPU version of a tensor: itself where it is one, in the caller's scope otherwise.</summary>
    public static Tensor AsFloats(Tensor tensor) => tensor.detach().to(ScalarType.Float32).cpu().contiguous();
}

using System.Runtime.InteropServices;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Inference.Weights;

/// <summary>Reads numbers of a safetensors file in float32.</summary>
public static class StoredFloats
{
    /// <summary>Reads some of a tensor's numbers.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">The tensor.</param>
    /// <param name="from">The first number, row-major.</param>
    /// <param name="target">Where they go.</param>
    /// <exception cref="WeightsFormatException">There is no such tensor, or its numbers are no plain floats.</exception>
    public static unsafe void Read(SafetensorsReader file, string name, long from, Span<float> target)
    {
        var stored = file.Find(name);
        if (stored.TypeName == SafetensorsFormat.Float32)
        {
            fixed (float* start = target) file.CopyBytes(stored, from * 4, (byte*)start, target.Length * 4L);
            return;
        }
        if (stored.TypeName is not (SafetensorsFormat.BFloat16 or SafetensorsFormat.Float16))
            throw new WeightsFormatException(file.FullName, name,
                $"has the type {stored.TypeName}; numbers of F32, BF16 or F16 are needed here.");
        var halves = new ushort[target.Length];
        fixed (ushort* start = halves) file.CopyBytes(stored, from * 2, (byte*)start, target.Length * 2L);
        if (stored.TypeName == SafetensorsFormat.BFloat16)
        {
            for (var i = 0; i < halves.Length; i++) target[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
            return;
        }
        var numbers = MemoryMarshal.Cast<ushort, Half>(halves);
        for (var i = 0; i < numbers.Length; i++) target[i] = (float)numbers[i];
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace R1Cloud.GpuJob.Numerics.Simd;

/// <summary>
/// Native floats, aligned to 64 bytes, zero at first, with room behind the end for a vector that is read or written across it.
/// </summary>
internal sealed unsafe class FloatBuffer : IDisposable
{
    private const int Slack = 64;

    public FloatBuffer(long count)
    {
        Count = count;
        var bytes = (nuint)((count + Slack) * sizeof(float));
        Pointer = (float*)NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(Pointer, bytes);
        GC.AddMemoryPressure((long)bytes);
    }

    [SuppressMessage("Design", "MA0055", Justification = "Engines share weights, and none of them knows that it is the last.")]
    ~FloatBuffer() => Free();

    /// <summary>The first float.</summary>
    public float* Pointer { get; private set; }

    /// <summary>Floats, the room behind not counted.</summary>
    public long Count { get; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (Pointer is null) return;
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        GC.RemoveMemoryPressure((Count + Slack) * sizeof(float));
    }
}

using R1Cloud.GpuJob.Numerics.Simd;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>A thread's room for one kind of block: a part of a layer that turns rows into rows.</summary>
internal abstract unsafe class SimdBlock<TVector, TLanes> : IDisposable
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    /// <summary>Most rows a pass: their activations stay in the second-level cache.</summary>
    public const int MaxRows = 64;

    private readonly List<FloatBuffer> buffers = [];

    /// <summary>Room for the most rows, and for those that the matrix kernel reads and writes behind them.</summary>
    protected FloatBuffer Rows(int stride) => Room((long)(MaxRows + TLanes.Rows) * stride);

    /// <summary>Room that goes with the block.</summary>
    protected FloatBuffer Room(long count)
    {
        var buffer = new FloatBuffer(count);
        buffers.Add(buffer);
        return buffer;
    }

    protected static void Multiply(PackedMatrix matrix, float* source, int sourceStride, int rows, float* target, int targetStride) =>
        MatrixKernels<TVector, TLanes>.Multiply(matrix, source, sourceStride, rows, target, targetStride);

    /// <summary>Adds a bias, where there is one, to each of some rows.</summary>
    protected static void AddBias(float* target, int stride, int rows, FloatBuffer? bias, int size)
    {
        for (var row = 0; bias is not null && row < rows; row++)
            RowKernels<TVector, TLanes>.Add(target + ((long)row * stride), bias.Pointer, size);
    }

    public virtual void Dispose()
    {
        foreach (var buffer in buffers) buffer.Dispose();
    }
}

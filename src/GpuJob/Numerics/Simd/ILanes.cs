namespace R1Cloud.GpuJob.Numerics.Simd;

/// <summary>
/// The vector operations that the decoder's kernels are written in. Implementations are structs, so that each use is compiled to its
/// instructions.
/// </summary>
/// <typeparam name="TVector">A vector of floats.</typeparam>
internal unsafe interface ILanes<TVector>
    where TVector : struct
{
    /// <summary>Floats a vector.</summary>
    static abstract int Count { get; }
    /// <summary>Rows that the matrix kernel does at once: as many as keep the sums in registers.</summary>
    static abstract int Rows { get; }
    /// <summary>Reads from any address.</summary>
    static abstract TVector Load(float* source);
    /// <summary>Writes to any address.</summary>
    static abstract void Store(TVector value, float* target);
    /// <summary>Asks for a cache line from any address, mapped or not; does nothing where the hardware cannot.</summary>
    static abstract void Prefetch(float* source);
    /// <summary>The same number in every lane.</summary>
    static abstract TVector Broadcast(float value);
    /// <summary>a · b + c, fused where the hardware can.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);
    /// <summary>a + b.</summary>
    static abstract TVector Add(TVector a, TVector b);
    /// <summary>a − b.</summary>
    static abstract TVector Subtract(TVector a, TVector b);
    /// <summary>a · b.</summary>
    static abstract TVector Multiply(TVector a, TVector b);
    /// <summary>a / b.</summary>
    static abstract TVector Divide(TVector a, TVector b);
    /// <summary>The larger of each lane.</summary>
    static abstract TVector Max(TVector a, TVector b);
    /// <summary>The square root of each lane.</summary>
    static abstract TVector Sqrt(TVector a);
    /// <summary>e to the power of each lane.</summary>
    static abstract TVector Exp(TVector a);
    /// <summary>The sum of the lanes.</summary>
    static abstract float Sum(TVector a);
}

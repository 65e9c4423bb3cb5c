using System.Runtime.CompilerServices;
using R1Cloud.GpuJob.Numerics.Simd;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>
/// Y = X Wᵀ for packed W. Every output is one chain of fused multiply-adds over the columns in order, whichever kernel computes it, so a
/// row's result does not depend on how many rows are done at once. Weights come from the third-level cache or memory, once for all rows:
/// while one panel is multiplied, the next is fetched, a share by each block of rows.
/// </summary>
internal static unsafe class MatrixKernels<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    /// <summary>Multiplies.</summary>
    /// <param name="weights">W.</param>
    /// <param name="x">Rows of inputs; readable up to a multiple of the kernel's rows.</param>
    /// <param name="strideX">Floats from row to row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="y">Rows of outputs, padded as the weights are; writable up to a multiple of the kernel's rows.</param>
    /// <param name="strideY">Floats from row to row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(PackedMatrix weights, float* x, int strideX, int rows, float* y, int strideY)
    {
        int columns = weights.Columns, panel = 2 * TLanes.Count, panels = weights.PaddedRows / panel;
        var panelSize = (long)panel * columns;
        var w = weights.Data;
        if (rows < 3)
        {
            for (var row = 0; row < rows; row++) MultiplyRow(w, panelSize, panels, x + (row * strideX), columns, y + (row * strideY));
            return;
        }
        var blocks = (rows + TLanes.Rows - 1) / TLanes.Rows;
        int fetchStep = panel / blocks, fetchSize = fetchStep * columns;
        for (var p = 0; p < panels; p++, w += panelSize)
        {
            var target = y + (p * panel);
            var next = w + panelSize;
            var row = 0;
            if (TLanes.Rows == 8)
            {
                for (; row + 4 < rows; row += 8, next += fetchSize)
                    Multiply8(w, x + (row * strideX), strideX, columns, target + (row * strideY), strideY, next, fetchStep);
            }
            for (; row < rows; row += 4, next += fetchSize)
                Multiply4(w, x + (row * strideX), strideX, columns, target + (row * strideY), strideY, next, fetchStep);
        }
    }

    // One row, four panels at a time: eight independent chains hide the latency.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyRow(float* w, long panelSize, int panels, float* x, int columns, float* y)
    {
        int lanes = TLanes.Count, panel = 2 * lanes, p = 0;
        for (; p + 4 <= panels; p += 4, w += 4 * panelSize, y += 4 * panel)
        {
            TVector a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
            float* wa = w, wb = w + panelSize, wc = wb + panelSize, wd = wc + panelSize;
            for (var i = 0; i < columns; i++, wa += panel, wb += panel, wc += panel, wd += panel)
            {
                var v = TLanes.Broadcast(x[i]);
                a0 = TLanes.MultiplyAdd(v, TLanes.Load(wa), a0);
                a1 = TLanes.MultiplyAdd(v, TLanes.Load(wa + lanes), a1);
                b0 = TLanes.MultiplyAdd(v, TLanes.Load(wb), b0);
                b1 = TLanes.MultiplyAdd(v, TLanes.Load(wb + lanes), b1);
                c0 = TLanes.MultiplyAdd(v, TLanes.Load(wc), c0);
                c1 = TLanes.MultiplyAdd(v, TLanes.Load(wc + lanes), c1);
                d0 = TLanes.MultiplyAdd(v, TLanes.Load(wd), d0);
                d1 = TLanes.MultiplyAdd(v, TLanes.Load(wd + lanes), d1);
            }
            StorePair(a0, a1, y);
            StorePair(b0, b1, y + panel);
            StorePair(c0, c1, y + (2 * panel));
            StorePair(d0, d1, y + (3 * panel));
        }
        for (; p < panels; p++, w += panelSize, y += panel)
        {
            TVector a0 = default, a1 = default;
            var wa = w;
            for (var i = 0; i < columns; i++, wa += panel)
            {
                var v = TLanes.Broadcast(x[i]);
                a0 = TLanes.MultiplyAdd(v, TLanes.Load(wa), a0);
                a1 = TLanes.MultiplyAdd(v, TLanes.Load(wa + lanes), a1);
            }
            StorePair(a0, a1, y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply4(float* w, float* x, int strideX, int columns, float* y, int strideY, float* next, int fetchStep)
    {
        TVector a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        float* xb = x + strideX, xc = xb + strideX, xd = xc + strideX;
        var lanes = TLanes.Count;
        for (var i = 0; i < columns; i++, w += 2 * lanes, next += fetchStep)
        {
            TLanes.Prefetch(next);
            var w0 = TLanes.Load(w);
            var w1 = TLanes.Load(w + lanes);
            var v = TLanes.Broadcast(x[i]);
            a0 = TLanes.MultiplyAdd(v, w0, a0);
            a1 = TLanes.MultiplyAdd(v, w1, a1);
            v = TLanes.Broadcast(xb[i]);
            b0 = TLanes.MultiplyAdd(v, w0, b0);
            b1 = TLanes.MultiplyAdd(v, w1, b1);
            v = TLanes.Broadcast(xc[i]);
            c0 = TLanes.MultiplyAdd(v, w0, c0);
            c1 = TLanes.MultiplyAdd(v, w1, c1);
            v = TLanes.Broadcast(xd[i]);
            d0 = TLanes.MultiplyAdd(v, w0, d0);
            d1 = TLanes.MultiplyAdd(v, w1, d1);
        }
        StorePair(a0, a1, y);
        StorePair(b0, b1, y += strideY);
        StorePair(c0, c1, y += strideY);
        StorePair(d0, d1, y + strideY);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply8(float* w, float* x, int strideX, int columns, float* y, int strideY, float* next, int fetchStep)
    {
        TVector a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        TVector e0 = default, e1 = default, f0 = default, f1 = default, g0 = default, g1 = default, h0 = default, h1 = default;
        float* xb = x + strideX, xc = xb + strideX, xd = xc + strideX, xe = xd + strideX, xf = xe + strideX, xg = xf + strideX,
            xh = xg + strideX;
        var lanes = TLanes.Count;
        for (var i = 0; i < columns; i++, w += 2 * lanes, next += fetchStep)
        {
            TLanes.Prefetch(next);
            var w0 = TLanes.Load(w);
            var w1 = TLanes.Load(w + lanes);
            var v = TLanes.Broadcast(x[i]);
            a0 = TLanes.MultiplyAdd(v, w0, a0);
            a1 = TLanes.MultiplyAdd(v, w1, a1);
            v = TLanes.Broadcast(xb[i]);
            b0 = TLanes.MultiplyAdd(v, w0, b0);
            b1 = TLanes.MultiplyAdd(v, w1, b1);
            v = TLanes.Broadcast(xc[i]);
            c0 = TLanes.MultiplyAdd(v, w0, c0);
            c1 = TLanes.MultiplyAdd(v, w1, c1);
            v = TLanes.Broadcast(xd[i]);
            d0 = TLanes.MultiplyAdd(v, w0, d0);
            d1 = TLanes.MultiplyAdd(v, w1, d1);
            v = TLanes.Broadcast(xe[i]);
            e0 = TLanes.MultiplyAdd(v, w0, e0);
            e1 = TLanes.MultiplyAdd(v, w1, e1);
            v = TLanes.Broadcast(xf[i]);
            f0 = TLanes.MultiplyAdd(v, w0, f0);
            f1 = TLanes.MultiplyAdd(v, w1, f1);
            v = TLanes.Broadcast(xg[i]);
            g0 = TLanes.MultiplyAdd(v, w0, g0);
            g1 = TLanes.MultiplyAdd(v, w1, g1);
            v = TLanes.Broadcast(xh[i]);
            h0 = TLanes.MultiplyAdd(v, w0, h0);
            h1 = TLanes.MultiplyAdd(v, w1, h1);
        }
        StorePair(a0, a1, y);
        StorePair(b0, b1, y += strideY);
        StorePair(c0, c1, y += strideY);
        StorePair(d0, d1, y += strideY);
        StorePair(e0, e1, y += strideY);
        StorePair(f0, f1, y += strideY);
        StorePair(g0, g1, y += strideY);
        StorePair(h0, h1, y + strideY);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePair(TVector first, TVector second, float* target)
    {
        TLanes.Store(first, target);
        TLanes.Store(second, target + TLanes.Count);
    }
}

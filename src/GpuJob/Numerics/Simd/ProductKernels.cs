using System.Runtime.CompilerServices;

namespace R1Cloud.GpuJob.Numerics.Simd;

/// <summary>
/// Y = X B for B in panels (<see cref="Panels"/>). An output is one chain of fused multiply-adds over the inner dimension in order,
/// whichever kernel computes it: its bits depend on nothing but its own row and column. X is read by two steps, so the same kernels
/// multiply Xᵀ.
/// </summary>
internal static unsafe class ProductKernels<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    /// <summary>Columns of B that a panel holds: two vectors.</summary>
    public static int Panel => 2 * TLanes.Count;

    /// <summary>Multiplies.</summary>
    /// <param name="panels">B [inner, columns] in panels.</param>
    /// <param name="inner">Rows of B.</param>
    /// <param name="panelStep">Floats from panel to panel; 0 where they have as many rows as are multiplied.</param>
    /// <param name="columns">Columns of B, rounded up to whole panels.</param>
    /// <param name="x">X [rows, inner].</param>
    /// <param name="rowStep">Floats from one row of X to the next.</param>
    /// <param name="innerStep">Floats from one column of X to the next.</param>
    /// <param name="rows">Rows of X.</param>
    /// <param name="y">Y [rows, columns].</param>
    /// <param name="stride">Floats from row to row of Y.</param>
    /// <param name="add">Whether the product is added to what Y holds.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* panels, int inner, long panelStep, int columns, float* x, long rowStep, long innerStep, int rows,
        float* y, long stride, bool add)
    {
        if (panelStep == 0) panelStep = (long)Panel * inner;
        for (var column = 0; column < columns; column += Panel, panels += panelStep)
        {
            var row = 0;
            if (TLanes.Rows == 8)
            {
                for (; row + 8 <= rows; row += 8)
                    Eight(panels, inner, x + (row * rowStep), rowStep, innerStep, y + column + (row * stride), stride, add);
            }
            else
            {
                for (; row + 6 <= rows; row += 6)
                    Six(panels, inner, x + (row * rowStep), rowStep, innerStep, y + column + (row * stride), stride, add);
            }
            if (row + 4 <= rows)
            {
                Four(panels, inner, x + (row * rowStep), rowStep, innerStep, y + column + (row * stride), stride, add);
                row += 4;
            }
            if (row + 2 <= rows)
            {
                Two(panels, inner, x + (row * rowStep), rowStep, innerStep, y + column + (row * stride), stride, add);
                row += 2;
            }
            if (row < rows) One(panels, inner, x + (row * rowStep), innerStep, y + column + (row * stride), add);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(float* w, int inner, float* x, long rowStep, long innerStep, float* y, long stride, bool add)
    {
        TVector a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        TVector e0 = default, e1 = default, f0 = default, f1 = default, g0 = default, g1 = default, h0 = default, h1 = default;
        float* xb = x + rowStep, xc = xb + rowStep, xd = xc + rowStep, xe = xd + rowStep, xf = xe + rowStep, xg = xf + rowStep,
            xh = xg + rowStep;
        var end = inner * innerStep;
        for (var i = 0L; i < end; i += innerStep, w += 2 * TLanes.Count)
        {
            TVector w0 = TLanes.Load(w), w1 = TLanes.Load(w + TLanes.Count);
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
        Put(a0, a1, y, add);
        Put(b0, b1, y += stride, add);
        Put(c0, c1, y += stride, add);
        Put(d0, d1, y += stride, add);
        Put(e0, e1, y += stride, add);
        Put(f0, f1, y += stride, add);
        Put(g0, g1, y += stride, add);
        Put(h0, h1, y + stride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Six(float* w, int inner, float* x, long rowStep, long innerStep, float* y, long stride, bool add)
    {
        TVector a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        TVector e0 = default, e1 = default, f0 = default, f1 = default;
        float* xb = x + rowStep, xc = xb + rowStep, xd = xc + rowStep, xe = xd + rowStep, xf = xe + rowStep;
        var end = inner * innerStep;
        for (var i = 0L; i < end; i += innerStep, w += 2 * TLanes.Count)
        {
            TVector w0 = TLanes.Load(w), w1 = TLanes.Load(w + TLanes.Count);
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
        }
        Put(a0, a1, y, add);
        Put(b0, b1, y += stride, add);
        Put(c0, c1, y += stride, add);
        Put(d0, d1, y += stride, add);
        Put(e0, e1, y += stride, add);
        Put(f0, f1, y + stride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(float* w, int inner, float* x, long rowStep, long innerStep, float* y, long stride, bool add)
    {
        TVector a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        float* xb = x + rowStep, xc = xb + rowStep, xd = xc + rowStep;
        var end = inner * innerStep;
        for (var i = 0L; i < end; i += innerStep, w += 2 * TLanes.Count)
        {
            TVector w0 = TLanes.Load(w), w1 = TLanes.Load(w + TLanes.Count);
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
        Put(a0, a1, y, add);
        Put(b0, b1, y += stride, add);
        Put(c0, c1, y += stride, add);
        Put(d0, d1, y + stride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(float* w, int inner, float* x, long rowStep, long innerStep, float* y, long stride, bool add)
    {
        TVector a0 = default, a1 = default, b0 = default, b1 = default;
        var xb = x + rowStep;
        var end = inner * innerStep;
        for (var i = 0L; i < end; i += innerStep, w += 2 * TLanes.Count)
        {
            TVector w0 = TLanes.Load(w), w1 = TLanes.Load(w + TLanes.Count);
            var v = TLanes.Broadcast(x[i]);
            a0 = TLanes.MultiplyAdd(v, w0, a0);
            a1 = TLanes.MultiplyAdd(v, w1, a1);
            v = TLanes.Broadcast(xb[i]);
            b0 = TLanes.MultiplyAdd(v, w0, b0);
            b1 = TLanes.MultiplyAdd(v, w1, b1);
        }
        Put(a0, a1, y, add);
        Put(b0, b1, y + stride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(float* w, int inner, float* x, long innerStep, float* y, bool add)
    {
        TVector a0 = default, a1 = default;
        var end = inner * innerStep;
        for (var i = 0L; i < end; i += innerStep, w += 2 * TLanes.Count)
        {
            var v = TLanes.Broadcast(x[i]);
            a0 = TLanes.MultiplyAdd(v, TLanes.Load(w), a0);
            a1 = TLanes.MultiplyAdd(v, TLanes.Load(w + TLanes.Count), a1);
        }
        Put(a0, a1, y, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(TVector first, TVector second, float* y, bool add)
    {
        if (add)
        {
            first = TLanes.Add(first, TLanes.Load(y));
            second = TLanes.Add(second, TLanes.Load(y + TLanes.Count));
        }
        TLanes.Store(first, y);
        TLanes.Store(second, y + TLanes.Count);
    }
}

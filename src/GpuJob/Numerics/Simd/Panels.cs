namespace R1Cloud.GpuJob.Numerics.Simd;

/// <summary>
/// A matrix B [inner, columns] in panels of some columns: panel after panel, within one row after row, so that a product reads straight on.
/// Columns behind the last are 0.
/// </summary>
internal static unsafe class Panels
{
    private const int Block = 16;

    /// <summary>Packs rows as they lie: B[i, c] = source[i · stride + c].</summary>
    /// <param name="source">Rows.</param>
    /// <param name="stride">Floats from row to row.</param>
    /// <param name="inner">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="target">Room for [inner, columns rounded up to whole panels].</param>
    /// <param name="panel">Columns a panel.</param>
    /// <param name="panelStep">Floats from panel to panel, where these are a part of the rows; 0 where they are all.</param>
    public static void Pack(float* source, long stride, int inner, int columns, float* target, int panel, long panelStep = 0)
    {
        if (panelStep == 0) panelStep = (long)panel * inner;
        for (var column = 0; column < columns; column += panel, target += panelStep)
        {
            var count = Math.Min(panel, columns - column);
            float* from = source + column, to = target;
            for (var i = 0; i < inner; i++, from += stride, to += panel)
            {
                new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));
                if (count < panel) new Span<float>(to + count, panel - count).Clear();
            }
        }
    }

    /// <summary>Packs rows as columns: B[i, c] = source[c · stride + i], into a part of the panels.</summary>
    /// <param name="source">Rows.</param>
    /// <param name="stride">Floats from row to row.</param>
    /// <param name="inner">Numbers a row.</param>
    /// <param name="columns">Rows.</param>
    /// <param name="target">The panels.</param>
    /// <param name="panel">Columns a panel.</param>
    /// <param name="first">The column that the first row becomes; columns that no row becomes keep what they hold.</param>
    public static void PackTransposed(float* source, long stride, int inner, int columns, float* target, int panel, int first = 0)
    {
        for (var start = 0; start < inner; start += Block)
        {
            var end = Math.Min(start + Block, inner);
            for (var c = 0; c < columns; c++)
            {
                var column = first + c;
                var to = target + ((long)(column / panel) * panel * inner) + (column % panel);
                var from = source + (c * stride);
                for (var i = start; i < end; i++) to[(long)i * panel] = from[i];
            }
        }
    }
}

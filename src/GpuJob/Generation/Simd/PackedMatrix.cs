using R1Cloud.GpuJob.Numerics.Simd;
using R1Cloud.GpuJob.Numerics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>
/// A weight matrix [rows, columns] in panels of a few rows: panel after panel, within one column after column, so that a kernel reads
/// straight on. The last panel is filled up with zeros. Several matrices with the same columns can be packed on top of each other.
/// </summary>
/// <param name="rows">Outputs.</param>
/// <param name="columns">Inputs.</param>
/// <param name="panel">Rows a panel: two vectors.</param>
internal sealed unsafe class PackedMatrix(int rows, int columns, int panel) : IDisposable
{
    private readonly FloatBuffer data = new((long)Align.Up(rows, panel) * columns);

    /// <summary>Outputs with the filling: the stride that results need.</summary>
    public int PaddedRows { get; } = Align.Up(rows, panel);
    /// <summary>Inputs.</summary>
    public int Columns => columns;
    /// <summary>The panels.</summary>
    public float* Data => data.Pointer;

    /// <summary>Packs a row-major tensor [n, columns] as rows from <paramref name="firstRow"/> on.</summary>
    public void Pack(Tensor weights, int firstRow)
    {
        using var scope = NewDisposeScope();
        var content = TensorMemory.AsFloats(weights);
        var source = (float*)TensorMemory.Pointer(content);
        var count = (int)content.shape[0];
        for (var i = 0; i < count; i++)
        {
            var row = firstRow + i;
            var target = data.Pointer + ((long)(row / panel) * panel * columns) + (row % panel);
            var from = source + ((long)i * columns);
            for (var column = 0; column < columns; column++) target[(long)column * panel] = from[column];
        }
    }

    public void Dispose() => data.Dispose();
}

namespace R1Cloud.GpuJob.Numerics.Simd;

internal static class Align
{
    /// <summary>The least multiple of <paramref name="step"/> that is not below <paramref name="value"/>.</summary>
    public static int Up(int value, int step) => (value + step - 1) / step * step;
}

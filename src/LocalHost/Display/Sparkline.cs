namespace R1Cloud.LocalHost.Display;

/// <summary>A curve in one line of text.</summary>
internal static class Sparkline
{
    /// <summary>Draws values between two bounds; more values than columns are averaged, fewer take a column each.</summary>
    /// <param name="values">The curve.</param>
    /// <param name="width">Most columns.</param>
    /// <param name="min">The lowest level's value.</param>
    /// <param name="max">The highest level's value.</param>
    /// <param name="levels">The signs, lowest first.</param>
    public static string Draw(IReadOnlyList<double> values, int width, double min, double max, string levels)
    {
        var columns = Math.Min(values.Count, Math.Max(width, 0));
        return string.Create(columns, (values, min, max, levels), static (line, curve) =>
        {
            for (var column = 0; column < line.Length; column++)
            {
                var from = (int)((long)column * curve.values.Count / line.Length);
                var to = (int)((long)(column + 1) * curve.values.Count / line.Length);
                var mean = 0.0;
                for (var i = from; i < to; i++) mean += curve.values[i] / (to - from);
                var height = curve.max > curve.min && double.IsFinite(mean) ? (mean - curve.min) / (curve.max - curve.min) : 0;
                line[column] = curve.levels[Math.Clamp((int)(height * curve.levels.Length), 0, curve.levels.Length - 1)];
            }
        });
    }
}

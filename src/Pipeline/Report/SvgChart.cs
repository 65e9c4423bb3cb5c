using System.Globalization;
using System.Net;
using System.Text;

namespace R1Cloud.Pipeline.Report;

/// <summary>A line of a chart.</summary>
/// <param name="Name">Its entry in the legend.</param>
/// <param name="Colour">Its colour, 1 to 4; the style sheet says which that is in light and dark.</param>
/// <param name="Points">x and y, by x.</param>
/// <param name="Dots">Whether points are marked, for few points that matter.</param>
/// <param name="Faint">Whether it stays in the background.</param>
internal sealed record ChartSeries(string Name, int Colour, IReadOnlyList<(double X, double Y)> Points, bool Dots = false,
    bool Faint = false);

/// <summary>One pair of axes.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="YLabel">The vertical axis.</param>
/// <param name="Series">The lines.</param>
/// <param name="Unit">Whether the vertical axis runs from 0 to 1; else it fits the lines.</param>
/// <param name="Half">Whether it takes half a row; the next half goes beside it.</param>
internal sealed record ChartPanel(string Title, string YLabel, IReadOnlyList<ChartSeries> Series, bool Unit = false, bool Half = false);

/// <summary>Draws panels in rows over one horizontal axis, as a self-contained SVG that is readable on light and dark ground.</summary>
internal static class SvgChart
{
    private const double Width = 760, PanelHeight = 248, HalfHeight = 196, Left = 64, Right = 20, Top = 62, Bottom = 46;

    private const string Style = """
        svg{--ground:#fff;--ink:#1f2328;--faint:#656d76;--grid:#e5e8eb;--c1:#0969da;--c2:#bc4c00;--c3:#1a7f37;--c4:#8250df}
        @media(prefers-color-scheme:dark){svg{--ground:#0d1117;--ink:#e6edf3;--faint:#9198a1;--grid:#262c34;--c1:#4493f8;--c2:#f0883e;--c3:#3fb950;--c4:#ab7df8}}
        .ground{fill:var(--ground)}text{font:12px system-ui,'Segoe UI',Helvetica,Arial,sans-serif;fill:var(--faint)}
        .title{font-size:14px;font-weight:600;fill:var(--ink)}.small{font-size:11px}.grid{stroke:var(--grid)}.axis{stroke:var(--faint)}
        .line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
        .dim{stroke-width:1.3;opacity:.5}
        .s1{stroke:var(--c1)}.s2{stroke:var(--c2)}.s3{stroke:var(--c3)}.s4{stroke:var(--c4)}
        .f1{fill:var(--c1)}.f2{fill:var(--c2)}.f3{fill:var(--c3)}.f4{fill:var(--c4)}
        """;

    /// <summary>Draws the chart.</summary>
    /// <param name="title">What it shows, for screen readers.</param>
    /// <param name="xLabel">The horizontal axis.</param>
    /// <param name="panels">The panels; lines without points are left out.</param>
    /// <param name="names">What whole numbers of the horizontal axis stand for, from 0; null where they are numbers.</param>
    public static string Draw(string title, string xLabel, IReadOnlyList<ChartPanel> panels, IReadOnlyList<string>? names = null)
    {
        var points = panels.SelectMany(panel => panel.Series).SelectMany(series => series.Points).ToList();
        var xMax = points.Count > 0 ? Math.Max(1, points.Max(point => point.X)) : 1;
        var svg = new StringBuilder();
        // Names hang below the axis at a slant.
        var axis = new Axis(xLabel, names is { Count: > 1 } ? names.Count - 1 : xMax,
            names is null ? Bottom : 16 + 4.6 * names.Max(name => name.Length), names);
        var places = Places(panels, axis.Height - Bottom);
        var height = places.Select(place => place.Y + place.Height).DefaultIfEmpty().Max() + 6;
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}" role="img" aria-label="{Escape(title)}">
            <title>{Escape(title)}</title>
            <style>
            {Style}
            </style>
            <rect class="ground" width="{Width}" height="{height}" rx="6"/>

            """);
        for (var i = 0; i < panels.Count; i++) DrawPanel(svg, panels[i], places[i], axis);
        return svg.Append("</svg>\n").ToString();
    }

    private sealed record Axis(string Label, double Max, double Height, IReadOnlyList<string>? Names = null);

    private readonly record struct Place(double X, double Y, double Width, double Height);

    private static List<Place> Places(IReadOnlyList<ChartPanel> panels, double more)
    {
        var (places, y, beside) = (new List<Place>(), 0.0, false);
        for (var i = 0; i < panels.Count; i++)
        {
            var height = (panels[i].Half ? HalfHeight : PanelHeight) + more;
            if (beside && !panels[i].Half) (y, beside) = (y + HalfHeight + more, false);
            places.Add(new(beside ? Width / 2 : 0, y, panels[i].Half ? Width / 2 : Width, height));
            if (!panels[i].Half || beside) y += height;
            beside = panels[i].Half && !beside;
        }
        return places;
    }

    private static void DrawPanel(StringBuilder svg, ChartPanel panel, Place place, Axis axis)
    {
        var offset = place.Y;
        var series = panel.Series.Where(line => line.Points.Count > 0).ToList();
        var ys = series.SelectMany(line => line.Points).Select(point => point.Y).Where(double.IsFinite).ToList();
        var (yMin, yMax) = panel.Unit ? (0, 1) : Range(ys);
        var (top, bottom, left, right) = (offset + Top, offset + place.Height - axis.Height, place.X + Left, place.X + place.Width - Right);
        double X(double x) => left + (right - left) * x / axis.Max;
        double Y(double y) => bottom - (bottom - top) * (Math.Clamp(y, yMin, yMax) - yMin) / (yMax - yMin);

        foreach (var tick in Ticks(yMin, yMax, 4))
        {
            svg.Append(CultureInfo.InvariantCulture,
                $"<line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{Y(tick):0.#}\" y2=\"{Y(tick):0.#}\"/>");
            Text(svg, left - 8, Y(tick) + 4, "end", tick.ToString("0.######", CultureInfo.InvariantCulture));
        }
        for (var i = 0; i < axis.Names?.Count; i++)
            svg.Append(CultureInfo.InvariantCulture,
                $"<text class=\"small\" text-anchor=\"end\" transform=\"translate({X(i) + 4:0.#} {bottom + 14:0.#}) "
                + $"rotate(-40)\">{Escape(axis.Names![i])}</text>\n");
        foreach (var tick in axis.Names is null ? Ticks(0, axis.Max, panel.Half ? 4 : 8) : [])
            Text(svg, X(tick), bottom + 17, "middle", tick.ToString("0.###", CultureInfo.InvariantCulture));
        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"{left}\" x2=\"{right}\" y1=\"{bottom}\" y2=\"{bottom}\"/>\n");

        Text(svg, left, offset + 22, "start", panel.Title, "title");
        if (axis.Label.Length > 0) Text(svg, (left + right) / 2, bottom + 34, "middle", axis.Label);
        var middle = (top + bottom) / 2;
        svg.Append(CultureInfo.InvariantCulture,
            $"<text text-anchor=\"middle\" transform=\"translate({place.X + 11} {middle}) rotate(-90)\">{Escape(panel.YLabel)}</text>\n");
        if (series.Count == 0) Text(svg, (left + right) / 2, middle, "middle", "no figures");

        DrawLegend(svg, series, left, right, offset + 38);
        foreach (var line in series) DrawLine(svg, line, X, Y);
    }

    // What does not go into one row goes into a second.
    private static void DrawLegend(StringBuilder svg, IReadOnlyList<ChartSeries> series, double left, double right, double y)
    {
        var x = left;
        foreach (var line in series)
        {
            var width = 36 + 5.6 * line.Name.Length;
            if (x > left && x + width > right) (x, y) = (left, y + 14);
            svg.Append(CultureInfo.InvariantCulture,
                $"<line class=\"{Class(line)}\" x1=\"{x:0.#}\" x2=\"{x + 14:0.#}\" y1=\"{y}\" y2=\"{y}\"/>\n");
            Text(svg, x + 19, y + 4, "start", line.Name, "small");
            x += width;
        }
    }

    private static void DrawLine(StringBuilder svg, ChartSeries line, Func<double, double> x, Func<double, double> y)
    {
        var points = line.Points.Where(point => double.IsFinite(point.Y)).ToList();
        foreach (var part in Parts(line.Points))
        {
            var path = string.Join(' ',
                part.Select(point => string.Create(CultureInfo.InvariantCulture, $"{x(point.X):0.#},{y(point.Y):0.#}")));
            svg.Append(CultureInfo.InvariantCulture, $"<polyline class=\"{Class(line)}\" points=\"{path}\"/>\n");
        }
        if (!line.Dots && points.Count > 1) return;
        foreach (var point in points)
        {
            svg.Append(CultureInfo.InvariantCulture,
                $"<circle class=\"f{line.Colour}\" cx=\"{x(point.X):0.#}\" cy=\"{y(point.Y):0.#}\" "
                + $"r=\"3.5\"><title>{Escape(line.Name)}: {point.Y:0.###} at {point.X:0.###}</title></circle>\n");
        }
    }

    // A point without a value interrupts the line.
    private static IEnumerable<IReadOnlyList<(double X, double Y)>> Parts(IReadOnlyList<(double X, double Y)> points)
    {
        var part = new List<(double X, double Y)>();
        foreach (var point in points)
        {
            if (double.IsFinite(point.Y)) part.Add(point);
            else if (part.Count > 0)
            {
                yield return part;
                part = [];
            }
        }
        if (part.Count > 0) yield return part;
    }

    // A range a little wider than the values.
    private static (double Min, double Max) Range(List<double> values)
    {
        if (values.Count == 0) return (0, 1);
        var (min, max) = (values.Min(), values.Max());
        var margin = max > min ? (max - min) * 0.08 : Math.Max(1, Math.Abs(max) * 0.1);
        return (min >= 0 ? Math.Max(0, min - margin) : min - margin, max + margin);
    }

    /// <summary>Round values within a range: multiples of 1, 2 or 5 times a power of ten.</summary>
    internal static IEnumerable<double> Ticks(double min, double max, int about)
    {
        var rough = (max - min) / about;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = new[] { 1, 2, 5, 10 }.Select(factor => factor * power).First(candidate => candidate >= rough * 0.999);
        // Never a negative zero.
        for (var i = Math.Ceiling(min / step - 1e-9); i * step <= max + step * 1e-9; i++) yield return Math.Round(i * step, 10) + 0.0;
    }

    private static string Class(ChartSeries line) => $"line s{line.Colour}{(line.Faint ? " dim" : "")}";

    private static void Text(StringBuilder svg, double x, double y, string anchor, string text, string? style = null) =>
        svg.Append(CultureInfo.InvariantCulture,
            $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" "
            + $"text-anchor=\"{anchor}\"{(style is null ? "" : $" class=\"{style}\"")}>{Escape(text)}</text>\n");

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}

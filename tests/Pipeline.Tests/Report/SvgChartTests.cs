using System.Xml.Linq;
using R1Cloud.Pipeline.Report;

namespace R1Cloud.Pipeline.Tests.Report;

public class SvgChartTests
{
    [Fact]
    public void Draw_AnyFigures_IsWellFormedAndInside()
    {
        var svg = SvgChart.Draw("a < b & c", "step",
        [
            new("one", "y",
                [new("line", 1, [.. Enumerable.Range(0, 50).Select(i => ((double)i, Math.Sin(i) * 1e4))]),
                    new("dots", 2, [(3, double.NaN), (4, 7)], Dots: true)]),
            new("two", "share", [new("flat", 3, [(0, 0.5), (50, 0.5)])], Unit: true),
            new("empty", "nothing", [new("none", 4, [])]),
        ]);

        var root = XDocument.Parse(svg).Root!;
        XNamespace ns = "http://www.w3.org/2000/svg";
        var box = root.Attribute("viewBox")!.Value.Split(' ').Select(double.Parse).ToArray();
        var lines = root.Elements(ns + "polyline").ToList();
        lines.Count.ShouldBe(3);
        foreach (var point in lines.SelectMany(line => line.Attribute("points")!.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            var (x, y) = (double.Parse(point.Split(',')[0]), double.Parse(point.Split(',')[1]));
            x.ShouldBeInRange(0, box[2]);
            y.ShouldBeInRange(0, box[3]);
        }
        root.Elements(ns + "text").ShouldContain(text => text.Value == "no figures");
    }

    [Theory]
    [InlineData(0, 1, 4, new[] { 0, 0.5, 1 })]
    [InlineData(0, 65, 8, new double[] { 0, 10, 20, 30, 40, 50, 60 })]
    [InlineData(11.2, 26.9, 4, new double[] { 15, 20, 25 })]
    [InlineData(-1, 1, 4, new[] { -1, -0.5, 0, 0.5, 1 })]
    public void Ticks_AreRoundAndInside(double min, double max, int about, double[] ticks) =>
        SvgChart.Ticks(min, max, about).ShouldBe(ticks);
}

using R1Cloud.Pipeline.Metrics;

namespace R1Cloud.Pipeline.Tests.Metrics;

public class SeriesThinningTests
{
    [Theory]
    [InlineData(10), InlineData(999), InlineData(1000)]
    public void Places_NoMoreThanWished_AreAll(int count) =>
        SeriesThinning.Places(new double[count], 1000).ShouldBe(Enumerable.Range(0, count));

    [Theory]
    [InlineData(1001, 1000), InlineData(100_000, 1000), InlineData(100_003, 17), InlineData(11, 10)]
    public void Places_OfALongSeries_KeepEndsAndEveryExtreme(int count, int points)
    {
        var random = new Random(1);
        var values = Enumerable.Range(0, count).Select(_ => random.NextDouble()).ToArray();

        var places = SeriesThinning.Places(values, points);

        places.Count.ShouldBeLessThanOrEqualTo(points);
        places.ShouldBe(places.Distinct().Order());
        (places[0], places[^1]).ShouldBe((0, count - 1));
        var spans = points / 4;
        for (var span = 0; span < spans; span++)
        {
            var (begin, end) = ((int)((long)count * span / spans), (int)((long)count * (span + 1) / spans));
            var kept = places.Where(place => place >= begin && place < end).Select(place => values[place]).ToList();
            kept.Min().ShouldBe(values[begin..end].Min());
            kept.Max().ShouldBe(values[begin..end].Max());
        }
    }

    [Fact]
    public void Places_OfValuesThatAreNotFinite_ShowThemAndStayBounded()
    {
        var values = Enumerable.Range(0, 10_000).Select(i => i % 2 == 0 ? double.NaN : i).ToArray();
        values[5_001] = double.PositiveInfinity;

        var places = SeriesThinning.Places(values, 100);

        places.Count.ShouldBeLessThanOrEqualTo(175);
        places.ShouldContain(5_001);
        places.Count(place => double.IsNaN(values[place])).ShouldBeGreaterThanOrEqualTo(25);
        places.ShouldContain(9_999);
    }

    [Fact]
    public void Places_OfNothingFinite_AreKept() =>
        SeriesThinning.Places([.. Enumerable.Repeat(double.NaN, 100)], 10).ShouldNotBeEmpty();
}

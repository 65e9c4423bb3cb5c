using System.Globalization;
using R1Cloud.Pipeline.Runs;

namespace R1Cloud.Pipeline.Tests.Runs;

public class DigitPrefixesTests
{
    [Theory]
    [InlineData(0, 0), InlineData(0, 199), InlineData(120, 329), InlineData(7, 1_203), InlineData(999_990, 1_000_005)]
    public void Cover_OfARange_HoldsItAndFewElse(int from, int to)
    {
        var prefixes = DigitPrefixes.Cover(from, to).ToList();

        prefixes.Count.ShouldBeLessThan(40);
        for (var i = from; i <= to; i++) prefixes.Count(prefix => Path(i).StartsWith(prefix, StringComparison.Ordinal)).ShouldBe(1);
        foreach (var outside in new[] { from - 1, to + 1 }.Where(number => number is >= 0 and < 1_000_000))
            prefixes.Count(prefix => Path(outside).StartsWith(prefix, StringComparison.Ordinal)).ShouldBe(0);

        static string Path(int number) => number.ToString("D6", CultureInfo.InvariantCulture) + "/rollout/0";
    }

    [Fact]
    public void Cover_OfAll_IsOneListing() => DigitPrefixes.Cover(0, int.MaxValue).ShouldBe([""]);
}

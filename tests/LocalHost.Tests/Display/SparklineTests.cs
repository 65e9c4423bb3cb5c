using R1Cloud.LocalHost.Display;

namespace R1Cloud.LocalHost.Tests.Display;

public sealed class SparklineTests
{
    private const string Levels = "▁▂▃▄▅▆▇█";

    [Fact]
    public void Draw_FewerValuesThanColumns_TakesAColumnEach() =>
        Sparkline.Draw([0, 0.5, 1], 10, 0, 1, Levels).ShouldBe("▁▅█");

    [Fact]
    public void Draw_MoreValuesThanColumns_Averages() =>
        Sparkline.Draw([0, 0, 1, 1, 0.5, 0.5], 3, 0, 1, Levels).ShouldBe("▁█▅");

    [Fact]
    public void Draw_OutOfBoundsAndNotNumbers_StaysOnTheLevels() =>
        Sparkline.Draw([-3, 7, double.NaN], 10, 0, 1, Levels).ShouldBe("▁█▁");

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void Draw_NoRoom_IsEmpty(int width) => Sparkline.Draw([1, 2], width, 0, 1, Levels).ShouldBeEmpty();

    [Fact]
    public void Draw_FlatBounds_IsLow() => Sparkline.Draw([1, 1], 5, 1, 1, Levels).ShouldBe("▁▁");
}

using R1Cloud.LocalHost.Display;

namespace R1Cloud.LocalHost.Tests.Display;

public sealed class FormatTests
{
    [Theory]
    [InlineData(0, "0:00")]
    [InlineData(65.9, "1:05")]
    [InlineData(7384, "2:03:04")]
    [InlineData(-5, "0:00")]
    public void Duration_Seconds_ReadsAsAClock(double seconds, string expected) => Format.Duration(seconds).ShouldBe(expected);

    [Fact]
    public void OneLine_LongTextWithBreaks_IsOneLineCutOff() => Format.OneLine("a\n  b\tcdef", 6, '…').ShouldBe("a b c…");

    [Fact]
    public void OneLine_TextThatFits_IsWhole() => Format.OneLine("abcdef", 6, '…').ShouldBe("abcdef");

    [Fact]
    public void Share_OfOne_IsPercent() => Format.Share(0.7125).ShouldBe("71.3 %");
}

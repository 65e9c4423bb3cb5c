using R1Cloud.Shared.Processes;

namespace R1Cloud.Shared.Tests.Processes;

public sealed class PrintableTests
{
    [Theory]
    [InlineData("plain text\n\tand tabs\r\n")]
    [InlineData("Grüße, 中文, עברית, العربية, 👩‍👩‍👧 and ✓")]
    [InlineData("می‌خواهم")] // a joiner that Persian needs
    [InlineData("")]
    public void Of_Text_IsTheText(string text) => Printable.Of(text).ShouldBeSameAs(text);

    [Theory]
    [InlineData("\u001b]52;c;aGk=\u0007", "\uFFFD]52;c;aGk=\uFFFD")] // writes the clipboard
    [InlineData("\u001b[2J", "\uFFFD[2J")]
    [InlineData("\u009b31m", "\uFFFD31m")] // C1: the same in one character
    [InlineData("a\u0085b\u0000c\u007fd", "a\uFFFDb\uFFFDc\uFFFDd")]
    [InlineData("all well\rfailed", "all well\uFFFDfailed")]
    [InlineData("\u202Etxt.exe\u2069\u200F\u061C", "\uFFFDtxt.exe\uFFFD\uFFFD\uFFFD")]
    [InlineData("line\u2028next\u2029", "line\uFFFDnext\uFFFD")]
    [InlineData("tag\U000E0041", "tag\uFFFD")]
    public void Of_WhatSteersATerminal_IsShownInstead(string text, string shown) => Printable.Of(text).ShouldBe(shown);

    [Fact]
    public void Of_HalfAPair_IsShownInstead() => Printable.Of("half " + '\ud83d' + " of a pair").ShouldBe("half \uFFFD of a pair");

    [Fact]
    public async Task Writer_EveryWayToWrite_LetsNothingThrough()
    {
        const string attack = "\u001b]52;c;aGk=\u0007";
        using var inner = new StringWriter();
        await using (var writer = PrintableWriter.Over(inner))
        {
            writer.Write(attack);
            writer.Write('\u001b');
            writer.Write(attack.ToCharArray());
            writer.Write(attack.AsSpan());
            writer.Write("{0}", attack);
            writer.Write((object)attack);
            writer.WriteLine(attack);
            writer.WriteLine("{0}", attack);
            writer.WriteLine(attack.ToCharArray());
            await writer.WriteAsync(attack);
            await writer.WriteAsync('\u001b');
            await writer.WriteAsync(attack.AsMemory());
            await writer.WriteLineAsync(attack);
            await writer.WriteLineAsync(attack.AsMemory());
            await writer.WriteLineAsync('\u001b');
            writer.Rewrite(attack);
        }
        inner.ToString().Where(c => c is '\u001b' or '\u0007').ShouldBeEmpty();
        inner.ToString().Split("52;c;aGk=").Length.ShouldBe(13 + 1);
    }
}

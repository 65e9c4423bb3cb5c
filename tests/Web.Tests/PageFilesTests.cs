using System.Text;
using System.Text.RegularExpressions;

namespace R1Cloud.Web.Tests;

/// <summary>The page as it was built into the assembly.</summary>
public sealed partial class PageFilesTests
{
    private static string Index => Encoding.UTF8.GetString(PageFiles.Find("/").ShouldNotBeNull().Content.Span);

    [Fact]
    public void Index_WhatItNames_IsThere()
    {
        var named = Links().Matches(Index).Select(match => match.Groups[1].Value).ToList();
        named.ShouldContain(path => path.EndsWith(".js", StringComparison.Ordinal));
        named.ShouldContain(path => path.EndsWith(".css", StringComparison.Ordinal));
        foreach (var path in named) PageFiles.Find(path).ShouldNotBeNull(path);
    }

    [Fact]
    public void Index_ScriptsAndStyles_StandInFilesOfTheirOwn()
    {
        Inline().Matches(Index).ShouldBeEmpty();
        Index.ShouldNotContain("<style");
        Index.ShouldNotContain(" style=");
    }

    [Fact]
    public void All_FirstView_IsSmall()
    {
        var first = Links().Matches(Index).Select(match => PageFiles.Find(match.Groups[1].Value)!).Append(PageFiles.Find("/")!);
        first.Sum(Sent).ShouldBeLessThan(50_000);
        PageFiles.All.Values.Sum(Sent).ShouldBeLessThan(150_000);

        static int Sent(PageFile file) => (file.Compressed ?? file.Content).Length;
    }

    [Fact]
    public void All_Assets_AreNamedByTheirContent()
    {
        PageFiles.All.Values.Count(file => file.IsImmutable).ShouldBeGreaterThan(3);
        PageFiles.All.Values.Where(file => file.IsImmutable).ShouldAllBe(file => Hashed().IsMatch(file.Path));
        PageFiles.Find("/")!.IsImmutable.ShouldBeFalse();
        PageFiles.All.Values.Select(file => file.ETag).ShouldBeUnique();
    }

    [Theory]
    [InlineData("")]
    [InlineData("/index.html")]
    [InlineData("/assets/")]
    [InlineData("/assets/../index.html")]
    [InlineData("/api/runs")]
    public void Find_WhatIsNoFile_IsNull(string path) => PageFiles.Find(path).ShouldBeNull();

    [GeneratedRegex("(?:src|href)=\"(/[^\"]*)\"")]
    private static partial Regex Links();

    [GeneratedRegex("<script(?![^>]*\\ssrc=)[^>]*>")]
    private static partial Regex Inline();

    [GeneratedRegex("^/assets/[A-Za-z]+-[A-Za-z0-9_-]{8}\\.(js|css)$")]
    private static partial Regex Hashed();
}

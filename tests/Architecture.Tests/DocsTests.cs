using System.Text.RegularExpressions;
using R1Cloud.Testing;

namespace R1Cloud.Architecture.Tests;

/// <summary>What the Markdown files say of the repository is there, and they can be read in a terminal.</summary>
public sealed partial class DocsTests
{
    private const int MostCharacters = 140;

    [Fact]
    public void Lines_OfProse_AreNotTooLong() => DocFiles.All.SelectMany(TooLong).ShouldBeEmpty();

    // A row of a table, a picture and a piece of code that begins its line stay whole, however long.
    private static IEnumerable<string> TooLong(string file)
    {
        var (number, isCode) = (0, false);
        foreach (var line in File.ReadLines(file))
        {
            number++;
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal)) isCode = !isCode;
            else if (!isCode && line.Length > MostCharacters && line.TrimStart() is not (['|' or '`', ..] or ['!', '[', ..]))
                yield return $"{DocFiles.Shown(file)}:{number}: {line.Length} characters";
        }
    }

    [Fact]
    public void Links_ToFiles_LeadToThem() => DocFiles.All.SelectMany(file => Link().Matches(File.ReadAllText(file))
        .Select(link => link.Groups["path"].Value)
        .Where(path => !Path.Exists(Path.Combine(Path.GetDirectoryName(file)!, path)) && !Path.Exists(Repository.PathOf(path)))
        .Select(path => $"{DocFiles.Shown(file)}: {path}")).ShouldBeEmpty();

    [Fact]
    public void Paths_InText_AreThere() => DocFiles.All.SelectMany(file => SourcePath().Matches(File.ReadAllText(file))
        .Select(path => path.Groups["path"].Value).Where(path => !Path.Exists(Repository.PathOf(path)))
        .Select(path => $"{DocFiles.Shown(file)}: {path}")).ShouldBeEmpty();

    [Fact]
    public void Tests_ThatDocsName_AreThere()
    {
        var sources = Directory.EnumerateFiles(Repository.PathOf("tests"), "*.cs", SearchOption.AllDirectories)
            .Select(File.ReadAllText).ToList();
        var known = sources.SelectMany(source => Declared().Matches(source).Select(name => name.Groups["name"].Value))
            .ToHashSet(StringComparer.Ordinal);
        DocFiles.All.SelectMany(file => TestName().Matches(File.ReadAllText(file)).Select(name => name.Value.Trim('`'))
                .Where(name => name.Split('.').Any(part => !known.Contains(part)))
                .Select(name => $"{DocFiles.Shown(file)}: {name}")).ShouldBeEmpty();
    }

    [GeneratedRegex(@"\]\((?<path>[^)#:\s]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`(?<path>(?:src|tests|bench|eng|infra|docs)/[\w./-]*\w)`")]
    private static partial Regex SourcePath();

    [GeneratedRegex(@"`[A-Z]\w*Tests(?:\.\w+)?`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"(?:class|Task|void) (?<name>\w+)")]
    private static partial Regex Declared();
}

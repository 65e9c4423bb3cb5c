using R1Cloud.Testing;

namespace R1Cloud.Architecture.Tests;

public sealed class SourceTests
{
    private const int MostCharacters = 140;

    private static IEnumerable<string> Sources => new[] { "src", "tests", "bench" }
        .SelectMany(folder => Directory.EnumerateFiles(Repository.PathOf(folder), "*.cs", SearchOption.AllDirectories))
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}node_modules{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    [Fact]
    public void Lines_OfSources_AreNotTooLong() => Sources.SelectMany(TooLong).ShouldBeEmpty();

    // A raw string is data, and a pattern or a message that stands alone on its line has no better place to be cut: they are as long as
    // they are.
    private static IEnumerable<string> TooLong(string file)
    {
        var (number, isRaw) = (0, false);
        foreach (var line in File.ReadLines(file))
        {
            number++;
            var quotes = line.Split("\"\"\"").Length - 1;
            if (!isRaw && quotes == 0 && line.Length > MostCharacters && !IsText(line))
                yield return $"{Shown(file)}:{number}: {line.Length} characters";
            if (quotes % 2 == 1) isRaw = !isRaw;
        }
    }

    private static bool IsText(string line) => line.TrimStart(' ', '+', ':', '?', '$', '@').StartsWith('"');

    // What nobody outside can see needs no reference: a plain comment says why.
    [Fact]
    public void Docs_OfPrivateMembers_AreNone() => Sources.SelectMany(DocsOfPrivates).ShouldBeEmpty();

    private static IEnumerable<string> DocsOfPrivates(string file)
    {
        var (number, isDocumented) = (0, false);
        foreach (var line in File.ReadLines(file).Select(line => line.TrimStart()))
        {
            number++;
            if (line.StartsWith("///", StringComparison.Ordinal)) isDocumented = true;
            else if (!line.StartsWith('['))
            {
                if (isDocumented && line.StartsWith("private ", StringComparison.Ordinal)
                    && !line.StartsWith("private protected", StringComparison.Ordinal)) yield return $"{Shown(file)}:{number}: {line}";
                isDocumented = false;
            }
        }
    }

    [Fact]
    public void Namespaces_OfSources_AreTheirFolders()
    {
        var wrong = new List<string>();
        foreach (var file in Sources)
        {
            var declared = File.ReadLines(file).FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))?[10..]
                .TrimEnd(';');
            var folder = Path.GetDirectoryName(Shown(file))!.Replace(Path.DirectorySeparatorChar, '.');
            if (declared is not null && declared != "R1Cloud." + folder[(folder.IndexOf('.', StringComparison.Ordinal) + 1)..])
                wrong.Add($"{Shown(file)}: {declared}");
        }
        wrong.ShouldBeEmpty();
    }

    private static string Shown(string file) => Path.GetRelativePath(Repository.Root, file);
}

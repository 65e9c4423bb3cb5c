using R1Cloud.Testing;

namespace R1Cloud.Architecture.Tests;

public sealed class SourceTests
{
    private const int MostCharacters = 140;

    private static IEnumerable<string> Sources => new[] { "src", "tests", "bench" }
        .SelectMany(folder => Directory.EnumerateFiles(Repository.PathOf(folder), "*.cs", SearchOption.AllDirectories))
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}node_modules{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    [Fact]
    public void Lines_OfSources_AreNotTooLong()
    {
        var wrong = Sources.SelectMany(file => File.ReadLines(file).Select((line, index) => (line, At: $"{Shown(file)}:{index + 1}")))
            .Where(line => line.line.Length > MostCharacters).Select(line => $"{line.At}: {line.line.Length} characters").ToList();
        wrong.ShouldBeEmpty();
    }

    [Fact]
    public void Namespaces_OfSources_AreTheirFolders()
    {
        var wrong = new List<string>();
        foreach (var file in Sources)
        {
            var declared = File.ReadLines(file).FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))?[10..].TrimEnd(';');
            var folder = Path.GetDirectoryName(Shown(file))!.Replace(Path.DirectorySeparatorChar, '.');
            if (declared is not null && declared != "R1Cloud." + folder[(folder.IndexOf('.', StringComparison.Ordinal) + 1)..]) wrong.Add($"{Shown(file)}: {declared}");
        }
        wrong.ShouldBeEmpty();
    }

    private static string Shown(string file) => Path.GetRelativePath(Repository.Root, file);
}

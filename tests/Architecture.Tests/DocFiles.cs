using System.Text.RegularExpressions;
using R1Cloud.Testing;

namespace R1Cloud.Architecture.Tests;

/// <summary>The Markdown files of the repository, and what they quote as code.</summary>
internal static partial class DocFiles
{
    private static readonly string[] Folders = [".github", "docs", "src", "tests", "bench", "eng", "infra", "recipes"];

    /// <summary>All of them.</summary>
    public static IEnumerable<string> All => Directory.EnumerateFiles(Repository.Root, "*.md")
        .Concat(Folders.SelectMany(folder =>
            Directory.EnumerateFiles(Repository.PathOf(folder), "*.md", SearchOption.AllDirectories)))
        .Where(IsOurs);

    /// <summary>Those that say what the program is: README, CONTRIBUTING, SECURITY and docs.</summary>
    public static IEnumerable<string> Manual => Directory.EnumerateFiles(Repository.Root, "*.md")
        .Where(file => Path.GetFileName(file) != "CHANGELOG.md") // it tells what was, too
        .Concat(Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md", SearchOption.AllDirectories));

    /// <summary>How a file is named in a failure.</summary>
    public static string Shown(string file) => Path.GetRelativePath(Repository.Root, file);

    /// <summary>The pieces of code in a file's text, and its lines of code.</summary>
    public static IEnumerable<string> Quotes(string file)
    {
        var isCode = false;
        foreach (var line in File.ReadLines(file))
        {
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal)) isCode = !isCode;
            else if (isCode) yield return line;
            else
            {
                foreach (Match quote in Quote().Matches(line)) yield return quote.Groups["code"].Value;
            }
        }
    }

    /// <summary>The texts of the programs.</summary>
    public static string ProgramText { get; } = TextOf("src");

    /// <summary>The texts of all that is built, run or deployed from here.</summary>
    public static string SourceText { get; } = ProgramText + TextOf("infra", "recipes", "eng", "tests", "bench", "data")
        + string.Join('\n', Directory.EnumerateFiles(Repository.Root).Where(IsSource).Select(File.ReadAllText));

    private static string TextOf(params string[] folders) => string.Join('\n', folders
        .SelectMany(folder => Directory.EnumerateFiles(Repository.PathOf(folder), "*", SearchOption.AllDirectories))
        .Where(file => IsOurs(file) && IsSource(file)).Select(File.ReadAllText));

    private static bool IsSource(string file) => new FileInfo(file).Length < 1 << 20
        && Path.GetExtension(file) is ".cs" or ".json" or ".ts" or ".tsx" or ".mjs" or ".html" or ".bicep" or ".bicepparam" or ".yaml"
            or ".yml" or ".props" or ".targets" or ".csproj" or ".sh" or ".py" or "";

    private static bool IsOurs(string file) =>
        !file.Contains($"{Path.DirectorySeparatorChar}node_modules{Path.DirectorySeparatorChar}", StringComparison.Ordinal);

    [GeneratedRegex("`(?<code>[^`]+)`")]
    private static partial Regex Quote();
}

using System.Text.RegularExpressions;
using R1Cloud.Hub.Wire;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Hub.Splits;

/// <summary>Which files of a data set's repository are which split, as the Hub's own library <c>datasets</c> sees it.</summary>
internal static partial class DataLayouts
{
    private static readonly (string Split, Regex Names)[] Keywords =
        [("train", Training()), ("validation", Validation()), ("test", Testing())];

    /// <summary>
    /// The Hub's own Parquet copy (<c>refs/convert/parquet</c>): <c>CONFIG/SPLIT/0000.parquet</c>. Of large data sets it has the first part
    /// alone (<c>partial-SPLIT</c>), which is none of the splits.
    /// </summary>
    public static IReadOnlyList<DataConfig> Converted(IEnumerable<string> files) =>
        [.. files.Select(file => (File: file, Parts: file.Split('/')))
            .Where(file => file.Parts.Length == 3 && file.File.EndsWith(".parquet", StringComparison.Ordinal))
            .GroupBy(file => file.Parts[0]).Select(config => new DataConfig(config.Key, [.. config.GroupBy(file => file.Parts[1])
                .Where(split => !split.Key.StartsWith("partial-", StringComparison.Ordinal))
                .Select(split => (split.Key, (IReadOnlyList<string>)[.. split.Select(file => file.File)]))]))
            .Where(config => config.Splits.Count > 0)];

    /// <summary>Whether a commit is one of that copy, whatever it was called by.</summary>
    public static bool IsCopy(IReadOnlyList<string> files) => files.All(file => file.StartsWith('.')
        || (file.Split('/').Length == 3 && file.EndsWith(".parquet", StringComparison.Ordinal)));

    /// <summary>What the README declares.</summary>
    /// <exception cref="HubException">It declares files that are not there.</exception>
    public static IReadOnlyList<DataConfig> Declared(IReadOnlyList<string> files, IReadOnlyList<DeclaredConfig> declared, string what) =>
        [.. declared.Select(config => new DataConfig(config.Name, config.Splits.Count > 0
            ? [.. config.Splits.Select(split => (split.Name, (IReadOnlyList<string>)Matching(files, config, split, what)))]
            : Named(Below(files, config.Folder)), config.IsDefault))];

    /// <summary>By the names of files and folders alone.</summary>
    /// <param name="files">All files.</param>
    /// <param name="folder">A folder that was named as if it were a configuration; null for none.</param>
    public static IReadOnlyList<DataConfig> ByName(IReadOnlyList<string> files, string? folder)
    {
        var inside = folder is null ? files : Below(files, folder);
        return folder is null || inside.Count > 0 ? [new(folder ?? "default", Named(inside))] : [new("default", Named(files))];
    }

    /// <summary>Whether a file holds rows that can be read.</summary>
    public static bool IsReadable(string file) =>
        DatasetTask.Extensions.Any(extension => file.EndsWith(extension, StringComparison.OrdinalIgnoreCase));

    private static List<(string, IReadOnlyList<string>)> Named(IReadOnlyList<string> files)
    {
        var readable = files.Where(IsReadable).ToList();
        var found = Keywords.Select(keyword => (keyword.Split, Files: (IReadOnlyList<string>)
            [.. readable.Where(file => SplitOf(file) == keyword.Split)])).Where(split => split.Files.Count > 0).ToList();
        return found.Count > 0 || readable.Count == 0 ? found : [("train", readable)];
    }

    // A file's own name says more than the folders that it is in.
    private static string? SplitOf(string file) => file.Split('/').Reverse()
        .Select(part => Keywords.FirstOrDefault(keyword => keyword.Names.IsMatch(part)).Split).FirstOrDefault(split => split is not null);

    private static List<string> Matching(IReadOnlyList<string> files, DeclaredConfig config, DeclaredSplit split, string what)
    {
        var found = new List<string>();
        foreach (var pattern in split.Patterns)
        {
            var whole = config.Folder is { Length: > 0 } folder ? $"{folder.TrimEnd('/')}/{pattern}" : pattern;
            var matching = files.Where(file => GlobOf(whole).IsMatch(file)).Except(found).ToList();
            if (matching.Count == 0)
                throw new HubException(HubProblem.MissingFile,
                    $"{what}: its README names '{whole}' for the split '{split.Name}' of '{config.Name}', and no file is called so.");
            found.AddRange(matching);
        }
        return found;
    }

    private static List<string> Below(IReadOnlyList<string> files, string? folder) => folder is not { Length: > 0 } ? [.. files]
        : [.. files.Where(file => file.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal))];

    // ** is any folders, * and ? are within a name, [..] is one of some signs: as fsspec has them.
    private static Regex GlobOf(string pattern) => new("^" + GlobParts().Replace(pattern.TrimStart('.', '/'), part => part.Value switch
    {
        "**/" => "(?:.*/)?", "**" => ".*", "*" => "[^/]*", "?" => "[^/]", ['[', .. var set, ']'] => $"[{Regex.Escape(set).Replace("!", "^",
            StringComparison.Ordinal)}]", var text => Regex.Escape(text),
    }) + "$", RegexOptions.NonBacktracking);

    [GeneratedRegex(@"\*\*/|\*\*|\*|\?|\[[^\]]+\]|[^*?\[]+|\[")]
    private static partial Regex GlobParts();

    [GeneratedRegex("(?<![a-z])(train|training)(?![a-z])", RegexOptions.IgnoreCase)]
    private static partial Regex Training();

    [GeneratedRegex("(?<![a-z])(validation|valid|val|dev)(?![a-z])", RegexOptions.IgnoreCase)]
    private static partial Regex Validation();

    [GeneratedRegex("(?<![a-z])(test|testing|eval|evaluation)(?![a-z])", RegexOptions.IgnoreCase)]
    private static partial Regex Testing();
}

using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Recipes.Loading;

/// <summary>The files and folders that a recipe names, seen from the file that says so.</summary>
/// <param name="problems">Takes what is wrong.</param>
/// <param name="tree">The recipe as it was written.</param>
/// <param name="recipeFile">The recipe's file; null where it is none here.</param>
/// <param name="hub">Looks up names on the Hub; null where nobody does, and a commit must be named.</param>
/// <param name="replaced">Fields that will get other values, as paths.</param>
internal sealed class RecipeFiles(RecipeProblems problems, ObjectNode tree, string? recipeFile, IHubReader? hub,
    IReadOnlyCollection<string> replaced)
{
    // A name means the same in all of a recipe: a branch may move between two questions.
    private readonly Dictionary<(string, bool), IReadOnlyList<HubName>> pinned = [];

    /// <summary>Brings what is on the Hub; null where nobody does.</summary>
    public IHubReader? Hub => hub;

    /// <summary>Whether the recipe is a file here, so that what it names can be looked at.</summary>
    public bool AreHere => recipeFile is not null;

    /// <summary>Whether a field, or one that it is in or has, will get another value: what it names now is nobody's concern.</summary>
    public bool WillBeReplaced(string path) => replaced.Any(field => IsIn(field, path) || IsIn(path, field));

    /// <summary>A path in full; one in storage stays as it is.</summary>
    /// <param name="path">The field that names it.</param>
    /// <param name="file">The path.</param>
    public string Full(string path, string file)
    {
        if (HubName.Is(file) || WillBeReplaced(path)) return file;
        if (BlobReference.Is(file)) return InStorage(path, file);
        if (Path.IsPathFullyQualified(file)) return file;
        var at = tree.Find(path).Node.At.File;
        if (recipeFile is not null && file.Length > 0)
            return Path.GetFullPath(file, Path.GetDirectoryName(Path.GetFullPath(File.Exists(at) ? at : recipeFile))!);
        if (!problems.Concern(path))
            Add(path, $"{ScalarNode.Quote(file)} is a path from the recipe's folder, and there is none here",
                $"a full path, or {BlobReference.Prefix}PATH in the run's storage");
        return file;
    }

    /// <summary>A model's name on the Hub with the commit that it means; as it is where that cannot be told.</summary>
    public string PinnedModel(string path, string name) => Pinned(path, name, isModel: true) is [var model] ? model.ToString() : name;

    /// <summary>The files that a data set's name on the Hub means, each with its commit; others in full.</summary>
    public IReadOnlyList<string> FullAll(string path, IReadOnlyList<string> files) => [.. files.SelectMany(file =>
        HubName.Is(file) ? Pinned(path, file, isModel: false)?.Select(each => each.ToString()) ?? [file] : [Full(path, file)])];

    private IReadOnlyList<HubName>? Pinned(string path, string text, bool isModel)
    {
        const string ModelForm = "hf:ORG/NAME[@REVISION]", DataForm = "hf:ORG/NAME[/CONFIG[/SPLIT]][@REVISION]";
        if (problems.Concern(path) || WillBeReplaced(path)) return null;
        if (HubName.TryParse(text, out var problem) is not { } name || (isModel && (name.Config ?? name.File) is not null))
        {
            Add(path, $"{ScalarNode.Quote(text)} {problem ?? "names a part of a data set"}", isModel ? ModelForm : DataForm);
            return null;
        }
        if (name.IsPinned && (isModel || name.File is not null)) return [name];
        if (hub is null)
        {
            Add(path, $"{ScalarNode.Quote(text)} cannot be looked up here", "a name with its commit: hf:ORG/NAME@COMMIT, of data sets "
                + "hf:ORG/NAME@COMMIT/FILE");
            return null;
        }
        if (pinned.TryGetValue((text, isModel), out var known)) return known;
        try
        {
            // Loading waits for whatever it reads.
            return pinned[(text, isModel)] = isModel ? [hub.Ask(asked => asked.PinModelAsync(name))]
                : hub.Ask(asked => asked.PinDataAsync(name));
        }
        catch (Exception e) when (e is BadInputException or StorageException)
        {
            Add(path, $"{ScalarNode.Quote(text)} cannot be had from the Hub: {e.Message}", isModel ? "a model there" : "a data set there");
            return null;
        }
    }

    private static bool IsIn(string field, string path) =>
        field == path || field.StartsWith(path + ".", StringComparison.Ordinal);

    // An empty name is all of the storage; the others are names that a blob cannot have, or that mean another.
    private string InStorage(string path, string file)
    {
        var parts = file[BlobReference.Prefix.Length..].Split('/');
        if (parts is [_, .., ""]) parts = parts[..^1]; // a folder may end so
        if (!parts.All(IsPart) && !problems.Concern(path))
        {
            Add(path, $"{ScalarNode.Quote(file)} names no place in the run's storage",
                $"{BlobReference.Prefix}PATH, whose parts are neither empty nor '.' or '..'");
        }
        return file;
    }

    private static bool IsPart(string part) =>
        !string.IsNullOrWhiteSpace(part) && part is not ("." or "..") && !part.Any(letter => letter == '\\' || char.IsControl(letter));

    /// <summary>Adds a problem of a field.</summary>
    public void Add(string path, string message, string allowed)
    {
        var node = tree.Find(path).Node;
        problems.Add(node.At, path, node.Shown, message, allowed);
    }
}

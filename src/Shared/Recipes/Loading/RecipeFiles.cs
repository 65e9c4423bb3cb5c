using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Recipes.Loading;

/// <summary>The files and folders that a recipe names, seen from the file that says so.</summary>
/// <param name="problems">Takes what is wrong.</param>
/// <param name="tree">The recipe as it was written.</param>
/// <param name="recipeFile">The recipe's file; null where it is none here.</param>
internal sealed class RecipeFiles(RecipeProblems problems, ObjectNode tree, string? recipeFile)
{
    /// <summary>Whether the recipe is a file here, so that what it names can be looked at.</summary>
    public bool AreHere => recipeFile is not null;

    /// <summary>A path in full; one in storage stays as it is.</summary>
    /// <param name="path">The field that names it.</param>
    /// <param name="file">The path.</param>
    public string Full(string path, string file)
    {
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

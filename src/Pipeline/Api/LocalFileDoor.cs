using R1Cloud.Shared.Data;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Api;

/// <summary>
/// Which files of this machine a recipe that comes over HTTP may name: regular files of known kinds, and folders of models, below the folders that the host's
/// user named, and no more of them than can be read. They are looked at here and not opened.
/// </summary>
/// <param name="options">The folders and limits.</param>
internal sealed class LocalFileDoor(PipelineOptions options)
{
    private const int MostEntries = 4096;

    /// <summary>Refuses a recipe that names others.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="name">What problems call it.</param>
    /// <exception cref="RecipeException">It does; every problem is listed.</exception>
    public void Check(LoadedRecipe recipe, string name)
    {
        var named = LocalPaths.Find(recipe.ResolvedJson);
        if (named.Count == 0) return;
        if (!options.LocalFiles) Throw(named.Select(local => Problem(name, local, $"'{local.Path}' is on some machine's disk, which the workers do not see",
            "blob:PATH in the run's storage; `r1 push` copies a file there, `r1 start --storage` does so by itself")));

        var roots = options.LocalFolders.Select(RealPath.Of).ToList();
        var looked = named.DistinctBy(local => local.Path).Select(local => (Local: local, Found: Look(local, roots))).ToList();
        Throw(looked.Where(item => item.Found.Problem is not null).Select(item => Problem(name, item.Local, item.Found.Problem!, item.Found.Allowed)));
        Throw(TooLarge(name, [.. looked.Where(item => !IsModel(item.Local))], options.MaxLocalDataBytes).Concat(TooLarge(name, [.. looked.Where(item => IsModel(item.Local))], options.MaxLocalModelBytes)));
    }

    private static bool IsModel((string Field, string Path) local) => local.Field.StartsWith("stages.", StringComparison.Ordinal);

    private Found Look((string Field, string Path) local, IReadOnlyList<string> roots)
    {
        var path = Path.TrimEndingDirectorySeparator(local.Path);
        if (path != Path.GetFullPath(path)) return new($"'{local.Path}' is no plain path", "a full path without '.', '..' and doubled separators");
        var outside = new Found($"'{local.Path}' is not below a folder whose files recipes may name here ({Roots()})", "blob:PATH in the run's storage, or a path below a folder that the host was given with --files DIR");
        try
        {
            var real = RealPath.Of(path);
            if (!roots.Any(root => RealPath.IsWithin(real, root))) return outside;
            if (!IsModel(local) && !DataFiles.Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase))
                return new($"'{local.Path}' is of no known kind", $"a file that ends in one of {string.Join(", ", DataFiles.Extensions)}");
            return IsModel(local) ? LookAtFolder(local.Path, real, roots) : LookAtFile(local.Path, real);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new($"'{local.Path}' cannot be looked at: {e.Message}", "a file that this host may read");
        }
    }

    private static Found LookAtFile(string shown, string real)
    {
        if (!File.Exists(real)) return new(Directory.Exists(real) ? $"'{shown}' is a folder" : $"there is no file '{shown}'", "a file of this machine");
        return IsRegular(real, out var length) ? new(null, "", length) : new($"'{shown}' is a device, a pipe or a socket", "a regular file");
    }

    private static Found LookAtFolder(string shown, string real, IReadOnlyList<string> roots)
    {
        if (!Directory.Exists(real)) return new($"there is no folder '{shown}'", "a model's folder of this machine");
        // A model cache keeps contents in one folder, and in each snapshot links to them.
        string[] homes = Path.GetFileName(Path.GetDirectoryName(real)) == "snapshots" ? [real, Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(real))!, "blobs")] : [real];
        var (bytes, count) = (0L, 0);
        foreach (var entry in Directory.EnumerateFileSystemEntries(real))
        {
            if (++count > MostEntries) return new($"'{shown}' holds more than {MostEntries} files", "a model's folder");
            var target = RealPath.Of(entry);
            if (Directory.Exists(target)) continue;
            if (!homes.Concat(roots).Any(home => RealPath.IsWithin(target, home))) return new($"'{entry}' is a link that leads out of its folder", "links within the folder");
            if (!IsRegular(target, out var length)) return new($"'{entry}' is no regular file", "regular files");
            bytes += length;
        }
        return new(null, "", bytes);
    }

    private static bool IsRegular(string real, out long length)
    {
        var status = FileStatus.Of(real);
        length = status?.Length ?? (FileStatus.IsKnown ? 0 : new FileInfo(real).Length);
        return FileStatus.IsKnown ? status is { Kind: FileKind.Regular } : File.Exists(real);
    }

    private static IEnumerable<RecipeProblem> TooLarge(string name, IReadOnlyList<((string Field, string Path) Local, Found Found)> looked, long most)
    {
        if (looked.Sum(item => (decimal)item.Found.Bytes) <= most) return [];
        var (local, found) = looked.MaxBy(item => item.Found.Bytes);
        return [Problem(name, local, $"the files that the recipe names are too large to read, this one the largest ({found.Bytes} bytes)", $"at most {most} bytes in all")];
    }

    private string Roots() => options.LocalFolders.Count == 0 ? "there is none" : string.Join(", ", options.LocalFolders.Take(8));

    private static RecipeProblem Problem(string name, (string Field, string Path) local, string message, string allowed) => new(name, 1, 1, local.Field, $"\"{local.Path}\"", message, allowed);

    private static void Throw(IEnumerable<RecipeProblem> problems)
    {
        if (problems.ToArray() is { Length: > 0 } all) throw new RecipeException(all);
    }

    private sealed record Found(string? Problem, string Allowed, long Bytes = 0);
}

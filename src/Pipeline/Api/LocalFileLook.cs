using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Api;

/// <summary>What a look at a file or folder of this machine showed.</summary>
/// <param name="Problem">What is wrong with it, if anything.</param>
/// <param name="Allowed">What would be right.</param>
/// <param name="Bytes">How large it is.</param>
internal sealed record FoundFile(string? Problem = null, string Allowed = "", long Bytes = 0);

/// <summary>Looks at files that a recipe names, without opening any.</summary>
/// <param name="roots">The folders below which they must lie, links followed.</param>
/// <param name="shown">The same as their user named them.</param>
internal sealed class LocalFileLook(IReadOnlyList<string> roots, IReadOnlyList<string> shown)
{
    private const int MostEntries = 4096;

    /// <summary>Looks at one.</summary>
    /// <param name="path">The path as the recipe has it.</param>
    /// <param name="isModel">Whether it is to be a model (a folder, or a GGUF file), else a file of rows.</param>
    public FoundFile At(string path, bool isModel)
    {
        var plain = Path.TrimEndingDirectorySeparator(path);
        if (plain != Path.GetFullPath(plain))
            return new($"'{path}' is no plain path", "a full path without '.', '..' and doubled separators");
        try
        {
            var real = RealPath.Of(plain);
            // First, whether the file exists or not: who may not read it learns nothing of it.
            if (!roots.Any(root => RealPath.IsWithin(real, root))) return Outside(path);
            if (isModel) return IsPackedModel(plain) && !Directory.Exists(real) ? AtFile(path, real) : AtFolder(path, real);
            return DatasetTask.Extensions.Contains(Path.GetExtension(plain), StringComparer.OrdinalIgnoreCase)
                ? AtFile(path, real)
                : new($"'{path}' is of no known kind", $"a file that ends in one of {string.Join(", ", DatasetTask.Extensions)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new($"'{path}' cannot be looked at: {e.Message}", "a file that this host may read");
        }
    }

    // By its name: what it holds is read by who imports it.
    private static bool IsPackedModel(string path) => Path.GetExtension(path).Equals(".gguf", StringComparison.OrdinalIgnoreCase);

    private FoundFile Outside(string path)
    {
        var folders = shown.Count == 0 ? "there is none" : string.Join(", ", shown.Take(8));
        return new($"'{path}' is not below a folder whose files recipes may name here ({folders})",
            "blob:PATH in the run's storage, or a path below a folder that the host was given with --files DIR");
    }

    private static FoundFile AtFile(string path, string real)
    {
        if (Directory.Exists(real)) return new($"'{path}' is a folder", "a file of this machine");
        if (!File.Exists(real)) return new($"there is no file '{path}'", "a file of this machine");
        return IsRegular(real, out var length) ? new(Bytes: length) : new($"'{path}' is a device, a pipe or a socket", "a regular file");
    }

    private FoundFile AtFolder(string path, string real)
    {
        if (!Directory.Exists(real)) return new($"there is no folder '{path}'", "a model's folder or .gguf file of this machine");
        List<string> homes = [real, .. roots, .. FolderLinks.HubBlobs(real) is { } blobs ? (string[])[blobs] : []];
        var (bytes, count) = (0L, 0);
        foreach (var entry in Directory.EnumerateFileSystemEntries(real))
        {
            if (++count > MostEntries) return new($"'{path}' holds more than {MostEntries} files", "a model's folder");
            var target = RealPath.Of(entry);
            if (!homes.Exists(home => RealPath.IsWithin(target, home)))
                return new($"'{entry}' is a link that leads out of its folder", "links within the folder");
            if (Directory.Exists(target)) continue;
            if (!IsRegular(target, out var length)) return new($"'{entry}' is no regular file", "regular files");
            bytes += length;
        }
        return new(Bytes: bytes);
    }

    private static bool IsRegular(string real, out long length)
    {
        var status = FileStatus.Of(real);
        length = status?.Length ?? (FileStatus.IsKnown ? 0 : new FileInfo(real).Length);
        return FileStatus.IsKnown ? status is { Kind: FileKind.Regular } : File.Exists(real);
    }
}

namespace R1Cloud.Shared.Storage;

/// <summary>Where a path leads once all links are followed, those of folders on the way too.</summary>
public static class RealPath
{
    // As many as Linux follows.
    private const int MostLinks = 40;

    /// <summary>The path without links; what is not there stays as it is.</summary>
    /// <param name="path">A full path.</param>
    /// <exception cref="IOException">The links lead in a circle, or cannot be read.</exception>
    public static string Of(string path)
    {
        var rest = new Stack<string>(Parts(Path.GetFullPath(path)));
        var root = Path.GetPathRoot(Path.GetFullPath(path))!;
        var real = root;
        var links = 0;
        while (rest.TryPop(out var part))
        {
            var next = part == ".." ? Path.GetDirectoryName(real) ?? root : Path.Combine(real, part);
            if (part == ".." || new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }
            if (++links > MostLinks) throw new IOException($"'{path}' leads through more than {MostLinks} links.");
            if (Path.IsPathRooted(target)) real = Path.GetPathRoot(target)!;
            foreach (var step in Parts(target)) rest.Push(step);
        }
        return real;
    }

    /// <summary>Whether a path is a folder or lies below it; both without links.</summary>
    public static bool IsWithin(string path, string folder) =>
        path == folder || path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal)
        || (folder == Path.GetPathRoot(folder) && path.StartsWith(folder, StringComparison.Ordinal));

    // A path's parts, the last one first: the order in which a stack takes them.
    private static IEnumerable<string> Parts(string path) => path[(Path.GetPathRoot(path)?.Length ?? 0)..]
        .Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").Reverse();
}

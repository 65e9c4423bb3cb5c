using System.Reflection;

namespace R1Cloud.Web;

/// <summary>The files of the page, which are in this assembly: nothing of it is on a disk, and nothing comes from elsewhere.</summary>
public static class PageFiles
{
    private const string Prefix = "page/";

    private static readonly Lazy<IReadOnlyDictionary<string, PageFile>> Files = new(Load);

    /// <summary>All of them, by their paths.</summary>
    public static IReadOnlyDictionary<string, PageFile> All => Files.Value;

    /// <summary>The file of a path; null where there is none.</summary>
    /// <param name="path">A request's path.</param>
    public static PageFile? Find(string path) => All.GetValueOrDefault(path);

    private static Dictionary<string, PageFile> Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            // A resource's name has the separators of the machine that built it.
            .Select(name => new PageFile(name[Prefix.Length..].Replace('\\', '/'), Read(assembly, name)))
            .ToDictionary(file => file.Path, StringComparer.Ordinal);
    }

    private static byte[] Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}

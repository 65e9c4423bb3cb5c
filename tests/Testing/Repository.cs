namespace R1Cloud.Testing;

/// <summary>Paths of the repository that the tests were built from.</summary>
public static class Repository
{
    /// <summary>The folder with Cloud.sln.</summary>
    public static string Root { get; } = Find();

    /// <summary>A path inside it.</summary>
    public static string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    /// <summary>A program built in the same configuration as the tests: <c>artifacts/bin/{project}/{configuration}/{file}</c>.</summary>
    public static string Built(string project, string file) =>
        PathOf("artifacts", "bin", project, Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), file);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Cloud.sln"))) return folder.FullName;
        }
        throw new InvalidOperationException($"No Cloud.sln in or above '{AppContext.BaseDirectory}'.");
    }
}

namespace R1Cloud.LocalHost.Tests;

/// <summary>Where the repository is.</summary>
public static class Repository
{
    public static string Root { get; } = Find();

    public static string Quickstart { get; } = Path.Combine(Root, "recipes", "quickstart.json");

    public static string Examples { get; } = Path.Combine(Root, "examples");

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Cloud.sln"))) return folder.FullName;
        }
        throw new DirectoryNotFoundException("No folder above the tests holds Cloud.sln.");
    }
}

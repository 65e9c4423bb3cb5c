using System.Text.Json;

namespace R1Cloud.GpuJob.Tests;

/// <summary>Numbers that public implementations gave (see Oracles/README.md), and fixtures beside the repository.</summary>
internal static class Oracles
{
    public static readonly string Root = FindRoot();

    /// <summary>The folder of this suite's sources.</summary>
    public static string TestsFolder => Path.Combine(Root, "tests", "GpuJob.Tests");

    public static string Model(string name) => Path.Combine(Root, "tests", "GpuJob.Tests", "Oracles", "models", name);

    public static JsonElement Json(string path) =>
        JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Path.Combine(Root, "tests", "GpuJob.Tests", "Oracles", path)));

    /// <summary>A fixture in ../shared; the test is skipped where it is absent.</summary>
    public static string Shared(string path)
    {
        var full = Path.GetFullPath(Path.Combine(Root, "..", "shared", path));
        Assert.SkipUnless(Path.Exists(full), $"../shared/{path} is absent.");
        return full;
    }

    public static int[] Ints(this JsonElement element) => [.. element.EnumerateArray().Select(item => item.GetInt32())];

    public static double[] Numbers(this JsonElement element) => [.. element.EnumerateArray().Select(item => item.GetDouble())];

    public static float[] Floats(this JsonElement element) => [.. element.EnumerateArray().Select(item => item.GetSingle())];

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Cloud.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("No Cloud.sln above the tests.");
    }
}

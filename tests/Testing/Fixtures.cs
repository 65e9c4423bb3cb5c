using System.Text.Json;
using Xunit;

namespace R1Cloud.Testing;

/// <summary>Fixtures beside the repository, and what is read from fixtures.</summary>
public static class Fixtures
{
    /// <summary>A fixture in ../shared; the test is skipped where it is absent.</summary>
    public static string Shared(string path)
    {
        var full = Path.GetFullPath(Repository.PathOf("..", "shared", path));
        Assert.SkipUnless(Path.Exists(full), $"../shared/{path} is absent.");
        return full;
    }

    public static int[] Ints(this JsonElement element) => [.. element.EnumerateArray().Select(item => item.GetInt32())];

    public static double[] Numbers(this JsonElement element) => [.. element.EnumerateArray().Select(item => item.GetDouble())];

    public static float[] Floats(this JsonElement element) => [.. element.EnumerateArray().Select(item => item.GetSingle())];
}

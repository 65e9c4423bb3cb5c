using System.Globalization;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>Processes that answer as real engines were recorded; those of a test carry its folder's name.</summary>
internal static class StandInEngine
{
    /// <summary>The program.</summary>
    public static string Program => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "InferenceServers",
        Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "R1Cloud.InferenceServers.dll"));

    /// <summary>A script that starts it as the engine's own program is started.</summary>
    /// <param name="folder">The test's folder.</param>
    /// <param name="engine">The engine's name.</param>
    /// <param name="faults">What goes wrong, as JSON.</param>
    public static string Script(TestFolder folder, string engine, string faults = "") =>
        folder.Script(engine, $"R1_STANDIN_FAULTS='{faults}' exec dotnet {Program} \"$@\" --mark {folder.Root}");

    /// <summary>The processes of a test that run.</summary>
    public static List<int> Running(TestFolder folder) => [.. Directory.GetDirectories("/proc").Select(Path.GetFileName)
        .Where(name => int.TryParse(name, out _)).Select(name => int.Parse(name!, CultureInfo.InvariantCulture))
        .Where(id => Command(id) is var command && command.Contains("R1Cloud.InferenceServers.dll", StringComparison.Ordinal)
            && command.Contains(folder.Root, StringComparison.Ordinal))];

    private static string Command(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

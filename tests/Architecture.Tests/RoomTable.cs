using R1Cloud.Testing;

namespace R1Cloud.Architecture.Tests;

/// <summary>A project as the table in docs/architecture.md has it.</summary>
/// <param name="Name">Its folder under src.</param>
/// <param name="RestsOn">The projects that it may know.</param>
/// <param name="Layers">Its folders; each may know those of earlier layers.</param>
internal sealed record ProjectRow(string Name, IReadOnlyList<string> RestsOn, IReadOnlyList<IReadOnlyList<string>> Layers)
{
    /// <summary>The place of a folder's layer; null for a folder that the table does not have.</summary>
    public int? LayerOf(string folder)
    {
        for (var place = 0; place < Layers.Count; place++)
        {
            if (Layers[place].Contains(folder)) return place;
        }
        return null;
    }
}

/// <summary>The table of projects and folders in docs/architecture.md.</summary>
internal static class RoomTable
{
    /// <summary>How the table calls files that lie in no folder of their project.</summary>
    public const string Top = "(top)";

    private const string Begin = "<!-- rooms -->", End = "<!-- end of rooms -->", Arrow = "←";

    /// <summary>The rows, by project.</summary>
    public static IReadOnlyDictionary<string, ProjectRow> Read() => File.ReadAllText(Repository.PathOf("docs", "architecture.md"))
        .Split(Begin)[1].Split(End)[0]
        .Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal))
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
        .Select(cells => new ProjectRow(
            cells[1].Trim('`'),
            Names(cells[2]),
            [.. cells[3].Split(Arrow, StringSplitOptions.TrimEntries).Select(Names)]))
        .ToDictionary(row => row.Name);

    private static IReadOnlyList<string> Names(string cell) =>
        [.. cell.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
}

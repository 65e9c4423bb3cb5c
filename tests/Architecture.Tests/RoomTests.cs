using R1Cloud.Testing;

namespace R1Cloud.Architecture.Tests;

public sealed class RoomTests
{
    // Where each project's assembly is once the programs are built, and what it is called.
    private static readonly Dictionary<string, string> Assemblies = new()
    {
        ["Shared"] = Repository.Built("Shared", "R1Cloud.Shared.dll"),
        ["Terminal"] = Repository.Built("Terminal", "R1Cloud.Terminal.dll"),
        ["Web"] = Repository.Built("Web", "R1Cloud.Web.dll"),
        ["Telemetry"] = Repository.Built("Telemetry", "R1Cloud.Telemetry.dll"),
        ["Tokenizers"] = Repository.Built("Tokenizers", "R1Cloud.Tokenizers.dll"),
        ["Rewards"] = Repository.Built("Rewards", "R1Cloud.Rewards.dll"),
        ["Hub"] = Repository.Built("Hub", "R1Cloud.Hub.dll"),
        ["Inference"] = Repository.Built("Inference", "R1Cloud.Inference.dll"),
        ["EngineTool"] = Repository.Built("EngineTool", "r1-engine.dll"),
        ["Datasets"] = Repository.Built("Datasets", "R1Cloud.Datasets.dll"),
        ["Traces"] = Repository.Built("Traces", "R1Cloud.Traces.dll"),
        ["Pipeline"] = Repository.Built("Pipeline", "R1Cloud.Pipeline.dll"),
        ["GpuJob"] = Repository.Built("GpuJob", "gpujob.dll"),
        ["LocalHost"] = Repository.Built("LocalHost", "r1.dll"),
        ["Orchestrator"] = Repository.Built("Orchestrator", "R1Cloud.Orchestrator.dll"),
    };

    public static TheoryData<string> Projects => [.. Assemblies.Keys];

    [Fact]
    public void Table_OfProjects_HasAllOfThemAndNoCircle()
    {
        var rows = RoomTable.Read();
        var folders = Directory.GetDirectories(Repository.PathOf("src")).Where(folder => Directory.GetFiles(folder, "*.csproj").Length > 0)
            .Select(folder => Path.GetFileName(folder));
        rows.Keys.ShouldBe(folders, ignoreOrder: true);
        rows.Keys.Intersect(Assemblies.Keys).ShouldBe(rows.Keys, "a new project is read by this test too");
        var seen = new HashSet<string>();
        foreach (var row in rows.Values)
        {
            row.RestsOn.Except(seen).ShouldBeEmpty($"{row.Name} rests on projects that stand above it in the table");
            seen.Add(row.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Code_OfAProject_KnowsOnlyWhatTheTableSays(string project)
    {
        var row = RoomTable.Read()[project];
        var wrong = FolderReferences.Of(Assemblies[project]).Where(reference => !IsAllowed(row, reference.Key.From, reference.Key.To))
            .Select(reference =>
                $"{reference.Key.From.Folder} knows {reference.Key.To.Project}/{reference.Key.To.Folder}: {reference.Value}");
        wrong.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Table_Folders_AreThoseOfTheProject(string project) =>
        RoomTable.Read()[project].Layers.SelectMany(layer => layer)
            .ShouldBe(FolderReferences.Folders(Assemblies[project]), ignoreOrder: true);

    // One name, one thing: who reads it in one project must not take it for another's.
    [Fact]
    public void Names_OfTypes_AreThereOnce() =>
        Assemblies.Values.SelectMany(FolderReferences.Types).GroupBy(type => type.Name).Where(types => types.Count() > 1)
            .Select(types => $"{types.Key}: {string.Join(", ", types.Select(type => type.Namespace))}").ShouldBeEmpty();

    private static bool IsAllowed(ProjectRow row, Place from, Place to)
    {
        if (from.Project != row.Name) return false;
        if (to.Project != row.Name) return row.RestsOn.Contains(to.Project);
        return row.LayerOf(from.Folder) > row.LayerOf(to.Folder);
    }
}

namespace R1Cloud.LocalHost.Tests.Azurite;

/// <summary>What stands before Azurite has its tests beside it, in its own language.</summary>
public sealed class AzuriteScriptTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("journal.test.mjs", 15)]
    [InlineData("start.test.mjs", 1)]
    public async Task Script_OwnTests_Pass(string file, int count)
    {
        var tests = Path.Combine(Repository.Root, "eng", "azurite", file);
        var outcome = await R1Process.RunToEndAsync("node", ["--test", tests], folder.Root, []);
        outcome.ExitCode.ShouldBe(0, outcome.All);
        outcome.Output.ShouldContain($"# pass {count}");
    }
}

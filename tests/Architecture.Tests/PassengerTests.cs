using System.Text.Json;
using R1Cloud.Testing;

namespace R1Cloud.Architecture.Tests;

/// <summary>What comes into the Functions app with what it refers to (docs/decisions/0006-traces-through-a-port.md).</summary>
public sealed class PassengerTests
{
    [Theory]
    [InlineData("R1Cloud.Datasets")]
    [InlineData("R1Cloud.Terminal")]
    [InlineData("System.CommandLine")]
    [InlineData("Spectre.Console")]
    public void FunctionsApp_DataSetsAndCommandLines_StayOutside(string library) => Libraries().Keys.ShouldNotContain(library);

    [Fact]
    public void FunctionsApp_Parquet_ComesByTheAdapterAlone() =>
        Libraries().Where(library => library.Value.Contains("Parquet.Net")).Select(library => library.Key).ShouldBe(["R1Cloud.Traces"]);

    // What the app is built of, each with what it refers to.
    private static Dictionary<string, string[]> Libraries()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Repository.Built("Orchestrator", "R1Cloud.Orchestrator.deps.json")));
        return file.RootElement.GetProperty("targets").EnumerateObject().Last().Value.EnumerateObject().ToDictionary(
            library => library.Name.Split('/')[0],
            library => library.Value.TryGetProperty("dependencies", out var names)
                ? names.EnumerateObject().Select(name => name.Name).ToArray() : []);
    }
}

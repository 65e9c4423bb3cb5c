using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using R1Cloud.Testing;

namespace R1Cloud.Orchestrator.Tests.Functions;

/// <summary>What the Functions host reads beside the app.</summary>
public sealed class OrchestratorAppTests
{
    [Fact]
    public void HostJson_IsReadableWithItsCommentsAndHasNoRoutePrefix()
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "host.json"));
        using var settings = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
        settings.RootElement.GetProperty("extensions").GetProperty("durableTask").GetProperty("extendedSessionsEnabled").GetBoolean()
            .ShouldBeTrue();

        // One line an instance and look otherwise.
        settings.RootElement.GetProperty("logging").GetProperty("logLevel").GetProperty("Host.Triggers.DurableTask").GetString()
            .ShouldBe("Warning");

        // The HTTP extension reads the file by itself, with options of its own.
        var source =
            Type.GetType(
                "Microsoft.Azure.Functions.Worker.Extensions.Http.AspNetCore.AspNetMiddleware.FunctionsEndpointDataSource, "
                + "Microsoft.Azure.Functions.Worker.Extensions.Http.AspNetCore", throwOnError: true)!;
        source.GetMethod("GetRoutePrefix", BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)!.Invoke(null, [text])
            .ShouldBe("");
    }

    [Fact]
    public void HostJson_SourcesThatItsCommentsName_Exist() =>
        Regex.Matches(File.ReadAllText(Repository.PathOf("host.json")), @"src/[\w/.]+\.cs").Select(match => match.Value)
            .ShouldAllBe(file => File.Exists(Repository.PathOf(file.Split('/'))));

    [Theory]
    [InlineData("DurableTask")]
    [InlineData("AzureStorageQueues")]
    public void Extensions_OfTheTriggersThatTheHostLacks_AreLoaded(string name)
    {
        var file = Path.Combine(AppContext.BaseDirectory, "..", "..", "Orchestrator", "release", "extensions.json");
        Assert.SkipUnless(File.Exists(file), "The app's own output is elsewhere.");
        JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(file)).GetProperty("extensions").EnumerateArray()
            .Select(item => item.GetProperty("name").GetString()).ShouldContain(name);
    }
}

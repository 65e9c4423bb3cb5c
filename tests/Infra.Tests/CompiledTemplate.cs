using System.Text.Json.Nodes;
using R1Cloud.Infra.Tests;

[assembly: AssemblyFixture(typeof(CompiledTemplate))]

namespace R1Cloud.Infra.Tests;

/// <summary>main.bicep, compiled once for all tests.</summary>
public sealed class CompiledTemplate : IAsyncLifetime
{
    public JsonObject Root { get; private set; } = [];

    public IReadOnlyList<JsonObject> All => [.. Bicep.Resources(Root)];

    public JsonObject One(string type) => All.Single(resource => (string?)resource["type"] == type);

    public JsonObject AppSettings =>
        All.Single(resource =>
            (string?)resource["type"] == "Microsoft.Web/sites/config"
            && ((string)resource["name"]!).Contains("appsettings", StringComparison.Ordinal))["properties"]!.AsObject();

    public List<string> Settings => [.. AppSettings.Select(item => item.Key)];

    public string Variable(string name) =>
        Templates().Select(template => (string?)template["variables"]?[name]).OfType<string>().Single();

    /// <summary>The template and those of its modules.</summary>
    public IEnumerable<JsonObject> Templates() => Templates(Root);

    public static IEnumerable<JsonObject> Templates(JsonObject template)
    {
        yield return template;
        IEnumerable<JsonNode?> resources =
            template["resources"] switch { JsonArray array => array, JsonObject map => map.Select(item => item.Value), _ => [] };
        foreach (var inner in resources.Select(resource => resource!["properties"]?["template"]).OfType<JsonObject>().SelectMany(Templates))
            yield return inner;
    }

    public async ValueTask InitializeAsync() => Root = await Bicep.BuildAsync(Repository.Path("infra", "main.bicep"));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

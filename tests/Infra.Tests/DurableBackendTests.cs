using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace R1Cloud.Infra.Tests;

/// <summary>The two places where Durable Functions may keep its state.</summary>
public sealed class DurableBackendTests(CompiledTemplate template)
{
    private const string Prefix = "AzureFunctionsJobHost__extensions__durableTask__storageProvider__";

    private static JsonObject HostJson => JsonNode.Parse(
        File.ReadAllText(Repository.Path("host.json")),
            documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip })!
        ["extensions"]!["durableTask"]!.AsObject();

    [Fact]
    public void Parameter_ChoosesStorageUnlessToldOtherwise()
    {
        var parameter = template.Root["parameters"]!["durableBackend"]!;
        ((string)parameter["defaultValue"]!).ShouldBe("storage");
        parameter["allowedValues"]!.AsArray().Select(value => (string)value!).ShouldBe(["storage", "scheduler"]);
        ((string)template.Root["resources"]!["scheduler"]!["condition"]!)
            .ShouldBe("[equals(parameters('durableBackend'), 'scheduler')]");
        Regex.IsMatch(File.ReadAllText(Repository.Path("infra", "main.bicepparam")), "^param durableBackend = readEnvironmentVariable",
            RegexOptions.Multiline).ShouldBeTrue();
    }

    [Fact]
    public void Scheduler_LetsTheAppAloneInAndHasTheHubOfHostJson()
    {
        var scheduler = One("Microsoft.DurableTask/schedulers");
        scheduler["properties"]!["ipAllowlist"]!.AsArray().ShouldNotBeEmpty("an empty list lets nobody in");
        ((string)One("Microsoft.DurableTask/schedulers/taskHubs")["name"]!)
            .ShouldBe($"[format('{{0}}/{{1}}', parameters('name'), '{HostJson["hubName"]}')]");

        var role = Module("scheduler")["resources"]!.AsArray()
            .Single(resource => (string)resource!["type"]! == "Microsoft.Authorization/roleAssignments")!;
        ((string)role["scope"]!).ShouldContain("Microsoft.DurableTask/schedulers");
        ((string)role["properties"]!["principalId"]!).ShouldBe("[parameters('appPrincipalId')]");
        template.Root["resources"]!["scheduler"]!["properties"]!["parameters"]!["appPrincipalId"]!["value"]!.ToString()
            .ShouldContain("appPrincipalId");
    }

    [Fact]
    public void Settings_TurnHostJsonToTheBackendByIdentity()
    {
        var settings = One("Microsoft.Web/sites/config", "appsettings")["properties"]!.AsObject();
        // Without a scheduler they say what host.json says.
        ((string)settings[Prefix + "type"]!)
            .ShouldBe($"[if(empty(parameters('schedulerEndpoint')), '{HostJson["storageProvider"]!["type"]}', 'azureManaged')]");
        ((string)settings[Prefix + "connectionStringName"]!)
            .ShouldBe("[if(empty(parameters('schedulerEndpoint')), 'AzureWebJobsStorage', 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING')]");
        ((string)settings["DURABLE_TASK_SCHEDULER_CONNECTION_STRING"]!)
            .ShouldContain("Endpoint={0};Authentication=ManagedIdentity;ClientID={1}");
    }

    [Fact]
    public void Provider_IsReferencedAtItsVersionWheneverTheAzurePackagesAre()
    {
        const string Provider = "Microsoft.Azure.Functions.Worker.Extensions.DurableTask.AzureManaged";
        var references = XDocument.Load(Repository.Path("eng", "AzurePackages.props")).Descendants("PackageReference").ToDictionary(
            reference => reference.Attribute("Include")!.Value, reference => reference.Attribute("Condition")!.Value);
        references[Provider].ShouldBe(references["Azure.Compute.Batch"]);
        XDocument.Load(Repository.Path("Directory.Packages.props")).Descendants("PackageVersion")
            .Single(version => version.Attribute("Include")!.Value == Provider).Attribute("Version")!.Value.ShouldMatch(@"^\d+\.\d+\.\d+$");
    }

    [Fact]
    public void Code_KnowsOfNeither()
    {
        foreach (var file in Directory.EnumerateFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal)))
            Regex.IsMatch(File.ReadAllText(file), "azureManaged|durableBackend|DURABLE_TASK_SCHEDULER", RegexOptions.IgnoreCase)
                .ShouldBeFalse(file);
    }

    private JsonObject One(string type, string name = "") => Bicep.Resources(template.Root).Single(
        resource => (string?)resource["type"] == type && ((string)resource["name"]!).Contains(name, StringComparison.Ordinal));

    private JsonObject Module(string name) => template.Root["resources"]![name]!["properties"]!["template"]!.AsObject();
}

using System.Text.Json.Nodes;

namespace R1Cloud.Infra.Tests;

/// <summary>What holds for the template as a whole.</summary>
public sealed class TemplateTests(CompiledTemplate template)
{
    [Theory]
    [InlineData("Microsoft.Resources/resourceGroups")]
    [InlineData("Microsoft.OperationalInsights/workspaces")]
    [InlineData("Microsoft.Insights/components")]
    [InlineData("Microsoft.ManagedIdentity/userAssignedIdentities")]
    [InlineData("Microsoft.Network/virtualNetworks")]
    [InlineData("Microsoft.Network/privateEndpoints")]
    [InlineData("Microsoft.Consumption/budgets")]
    public void Template_HoldsTheResource(string type) => template.All.ShouldContain(resource => (string?)resource["type"] == type);

    [Fact]
    public void Resources_ThatCanBeTagged_Are()
    {
        string[] untaggable =
            ["Microsoft.Authorization/", "Microsoft.Consumption/", "blobServices", "queueServices", "managementPolicies",
                "Microsoft.Batch/batchAccounts/pools", "sites/config", "basicPublishing", "privateDnsZoneGroups", "schedulers/taskHubs"];
        foreach (var resource in template.All.Where(resource =>
            !untaggable.Any(part => ((string)resource["type"]!).Contains(part, StringComparison.Ordinal))))
            resource.ContainsKey("tags").ShouldBeTrue((string)resource["type"]!);
        template.Root["variables"]!["tags"]!.AsObject().ContainsKey("azd-env-name").ShouldBeTrue();
    }

    [Fact]
    public void PrivateEndpoints_OnDemand_CoverAllThatTheAppUsesOfStorage()
    {
        var services = template.All.First(resource => (string?)resource["type"] == "Microsoft.Network/privateEndpoints");
        ((string)services["copy"]!["count"]!).ShouldContain("targets");
        var targets = template.Templates().Select(template => template["variables"]?["targets"]?.AsArray()).OfType<JsonArray>()
            .Single();
        targets.Select(target => $"{((bool)target!["host"]! ? "host" : "runs")} {target["service"]}")
            .ShouldBe(["runs 0", "runs 1", "host 0", "host 1", "host 2"]);
        File.ReadAllText(Repository.Path("infra", "modules", "privateEndpoints.bicep")).ShouldContain("['blob', 'queue', 'table']");
        // Names lead to them: a zone each, linked to the network, with the endpoint's record.
        ((string)template.One("Microsoft.Network/privateDnsZones")["name"]!)
            .ShouldBe("[format('privatelink.{0}.{1}', variables('services')[copyIndex()], environment().suffixes.storage)]");
        ((string)template.One("Microsoft.Network/privateDnsZones/virtualNetworkLinks")["copy"]!["count"]!).ShouldContain("services");
        ((string)template.One("Microsoft.Network/privateEndpoints/privateDnsZoneGroups")["copy"]!["count"]!).ShouldContain("targets");
    }

    [Fact]
    public void Outputs_TellTheRunUrlAndNothingSecret()
    {
        var outputs = template.Root["outputs"]!.AsObject();
        outputs.ContainsKey("R1_URL").ShouldBeTrue();
        outputs.ShouldAllBe(output => (string?)output.Value!["type"] == "string");
    }

    [Fact]
    public void Budget_TellsItsContactsBeforeAndWhenItIsSpent()
    {
        var notifications = template.One("Microsoft.Consumption/budgets")["properties"]!["notifications"]!.AsObject()
            .Select(item => item.Value!).ToList();
        notifications.Select(item => $"{item["thresholdType"]} {item["threshold"]}").Order().ShouldBe(["Actual 80", "Forecasted 100"]);
        // The start of an existing budget cannot be changed: it must not follow the calendar where it is set.
        var start = template.Root["resources"]!["budget"]!["properties"]!["parameters"]!["startDate"]!.ToString();
        start.ShouldContain("if(empty(parameters('budgetStart'))");
        start.ShouldContain("parameters('thisMonth')");
        notifications.ShouldAllBe(item =>
            (bool)item["enabled"]! && ((string)item["contactEmails"]!).Contains("contacts", StringComparison.Ordinal));
    }
}

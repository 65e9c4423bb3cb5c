using System.Text.Json.Nodes;

namespace R1Cloud.Infra.Tests;

/// <summary>Who may do what.</summary>
public sealed class RoleTemplateTests(CompiledTemplate template)
{
    private static readonly string[] TooMuch =
    [
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", // Owner
        "b24988ac-6180-42a0-ab88-20f7382dd24c", // Contributor
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", // User Access Administrator
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168", // Role Based Access Control Administrator
    ];

    [Fact]
    public void Registry_HasNoAdminUser() =>
        ((bool)template.One("Microsoft.ContainerRegistry/registries")["properties"]!["adminUserEnabled"]!).ShouldBeFalse();

    [Fact]
    public void Roles_AreNarrowAndOnResources()
    {
        var assignments = template.All.Where(resource => (string?)resource["type"] == "Microsoft.Authorization/roleAssignments").ToList();
        assignments.Count.ShouldBeGreaterThan(5);
        foreach (var assignment in assignments)
        {
            assignment.ContainsKey("scope").ShouldBeTrue(assignment.ToJsonString());
            ((string)assignment["scope"]!).ShouldContain("resourceId(", Case.Insensitive);
        }
        var text = template.Root.ToJsonString();
        foreach (var role in TooMuch) text.ShouldNotContain(role);
        template.All.ShouldNotContain(resource => (string?)resource["type"] == "Microsoft.Authorization/roleDefinitions");
    }

    [Theory]
    [InlineData("appHostRoles", "Storage Blob Data Owner", "Storage Queue Data Contributor", "Storage Table Data Contributor")]
    [InlineData("appRunsRoles", "Storage Blob Data Contributor", "Storage Queue Data Contributor")]
    [InlineData("workerRoles", "Storage Blob Data Contributor", "Storage Queue Data Contributor")]
    public void Roles_OnStorage_AreThoseThatTheHostDurableTaskAndWorkersNeed(string module, params string[] roles) =>
        template.Root["resources"]![module]!["properties"]!["parameters"]!["storageRoles"]!["value"]!.AsArray()
            .Select(role => (string)role!).ShouldBe(roles);

    /// <summary>
    /// A worker that was taken over stays a worker: package, host keys and the task hub's queues lie in an account on which only the app
    /// has roles.
    /// </summary>
    [Fact]
    public void Roles_OnTheHostsAccount_AreTheAppsAlone()
    {
        var modules = template.Root["resources"]!.AsObject();
        string Parameter(string module, string name) => modules[module]!["properties"]!["parameters"]![name]!["value"]!.ToString();

        // The host's storage is one module's account, and the runs' another's, of another name.
        foreach (var setting in new[] { "hostStorageName", "hostStorageBlobEndpoint", "deploymentContainer" })
            Parameter("functions", setting).ShouldContain("reference('hostStorage')");
        foreach (var setting in new[] { "runsBlobEndpoint", "runsQueueEndpoint" })
            Parameter("functions", setting).ShouldContain("reference('storage')");
        Parameter("hostStorage", "name").ShouldNotBe(Parameter("storage", "name"));
        var settings = template.AppSettings;
        ((string)settings["AzureWebJobsStorage__accountName"]!).ShouldBe("[parameters('hostStorageName')]");
        ((string)settings["R1_STORAGE"]!).ShouldBe("[parameters('runsBlobEndpoint')]");
        ((string)settings["R1Queues__queueServiceUri"]!).ShouldBe("[parameters('runsQueueEndpoint')]");
        ((string)template.One("Microsoft.Web/sites")["properties"]!["functionAppConfig"]!["deployment"]!["storage"]!["value"]!)
            .ShouldContain("hostStorageBlobEndpoint");
        var hub = JsonNode.Parse(File.ReadAllText(Repository.Path("host.json")),
            documentOptions: new() { CommentHandling = System.Text.Json.JsonCommentHandling.Skip })!["extensions"]!["durableTask"]!;
        hub["storageProvider"]!["connectionName"]?.ToString().ShouldBe("AzureWebJobsStorage"); // which is also the default

        var principals = new Dictionary<string, List<string>>();
        foreach (var (name,
            module) in modules.Where(module =>
                CompiledTemplate.Templates(module.Value!.AsObject()["properties"]?["template"]?.AsObject() ?? []).Any(HasRoleOnStorage)))
        {
            var account = Parameter(name, "storageAccountName");
            account.ShouldBeOneOf("[reference('hostStorage').outputs.name.value]", "[reference('storage').outputs.name.value]");
            var principal = Parameter(name, "principalId");
            if (!principals.TryGetValue(principal, out var accounts)) principals.Add(principal, accounts = []);
            accounts.Add(account.Contains("hostStorage", StringComparison.Ordinal) ? "host" : "runs");
        }
        principals.Single(principal => principal.Key.Contains("workerPrincipalId", StringComparison.Ordinal)).Value.ShouldBe(["runs"]);
        principals.Single(principal => principal.Key.Contains("appPrincipalId", StringComparison.Ordinal)).Value.Order()
            .ShouldBe(["host", "runs"]);
        principals.Where(principal => !principal.Key.Contains("appPrincipalId", StringComparison.Ordinal))
            .SelectMany(principal => principal.Value).ShouldNotContain("host");

        // No assignment on a whole group or subscription reaches the account either.
        foreach (var assignment in template.All.Where(resource => (string?)resource["type"] == "Microsoft.Authorization/roleAssignments"))
            ((string)assignment["scope"]!)
                .ShouldMatch(
                    @"^\[resourceId\('Microsoft\.(Storage/storageAccounts|ContainerRegistry/registries|Insights/components|Batch/batchAccounts|KeyVault/vaults|DurableTask/schedulers)',");

        static bool HasRoleOnStorage(JsonObject part) => Bicep.Resources(part).Any(resource =>
            (string?)resource["type"] == "Microsoft.Authorization/roleAssignments"
                && ((string)resource["scope"]!).Contains("Microsoft.Storage/storageAccounts", StringComparison.Ordinal));
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace R1Cloud.Infra.Tests;

/// <summary>The Batch account and its pool.</summary>
public sealed class BatchTemplateTests(CompiledTemplate template)
{
    [Fact]
    public void Batch_TakesIdentitiesOnly() =>
        template.One("Microsoft.Batch/batchAccounts")["properties"]!["allowedAuthenticationModes"]!.AsArray().Select(mode => (string)mode!)
            .ShouldBe(["AAD"]);

    [Fact]
    public void Batch_InTheUsersSubscription_HasItsKeyVault()
    {
        // The service refuses such an account without one.
        ((string)template.One("Microsoft.Batch/batchAccounts")["properties"]!["keyVaultReference"]!)
            .ShouldContain("createObject('id', parameters('keyVaultId'), 'url', parameters('keyVaultUrl'))");
        ((bool)template.One("Microsoft.KeyVault/vaults")["properties"]!["enableRbacAuthorization"]!).ShouldBeTrue();
        var vault = template.Root["resources"]!["batchVault"]!;
        ((string)vault["condition"]!).ShouldBe("[equals(parameters('poolAllocationMode'), 'UserSubscription')]");
    }

    [Fact]
    public void Pool_HasItsIdentityThatAlsoPullsTheImage()
    {
        var pool = template.One("Microsoft.Batch/batchAccounts/pools");
        ((string)pool["identity"]!["type"]!).ShouldBe("UserAssigned");
        pool["identity"]!["userAssignedIdentities"]!.AsObject().Select(item => item.Key).Single().ShouldContain("workerIdentityId");
        var containers = pool["properties"]!["deploymentConfiguration"]!["virtualMachineConfiguration"]!["containerConfiguration"]!;
        ((string)containers["type"]!).ShouldBe("DockerCompatible");
        // Prefetched by the name that tasks use, none before the first push.
        ((string)containers["containerImageNames"]!)
            .ShouldBe("[if(empty(parameters('trainerImage')), createArray(), createArray(format('{0}/{1}', parameters('registryServer'), "
                + "parameters('trainerImage'))))]");
        ((string)containers["containerRegistries"]![0]!["identityReference"]!["resourceId"]!).ShouldContain("workerIdentityId");
        containers["containerRegistries"]![0]!.AsObject().ContainsKey("password").ShouldBeFalse();
    }

    [Fact]
    public void Pool_SizesAndImages_AreParameters()
    {
        var parameters = template.Root["parameters"]!.AsObject();
        foreach (var name in new[] { "vmSize", "nodeImage", "nodeAgentSkuId", "trainerImage", "maxSpotNodes", "maxDedicatedNodes",
            "poolAllocationMode" }) parameters.ContainsKey(name).ShouldBeTrue(name);
        var pool = template.One("Microsoft.Batch/batchAccounts/pools")["properties"]!;
        var machine = pool["deploymentConfiguration"]!["virtualMachineConfiguration"]!;
        ((string)machine["imageReference"]!).ShouldBe("[parameters('nodeImage')]");
        ((string)machine["nodeAgentSkuId"]!).ShouldBe("[parameters('nodeAgentSkuId')]");
        ((string)pool["vmSize"]!).ShouldBe("[parameters('vmSize')]");
    }

    [Fact]
    public void Nodes_WithSeveralGpus_RunOneWorkerThatIsToldOfThem()
    {
        template.One("Microsoft.Batch/batchAccounts/pools")["properties"]!["taskSlotsPerNode"]!.GetValue<int>().ShouldBe(1);
        // The parameter, else what is known of the size, else one.
        ((string)template.AppSettings["R1_GPUS_PER_NODE"]!).ShouldBe("[string(parameters('gpusPerNode'))]");
        template.Root["resources"]!["functions"]!["properties"]!["parameters"]!["gpusPerNode"]!.ToString().ShouldBe(
            "[if(greater(parameters('gpusPerNode'), 0), createObject('value', parameters('gpusPerNode')), "
            + "createObject('value', coalesce(tryGet(variables('gpusOf'), parameters('vmSize')), 1)))]");
        // Every machine of the price table is known.
        var known = template.Root["variables"]!["gpusOf"]!.AsObject();
        var table = JsonNode.Parse(File.ReadAllText(Repository.Path("data", "price-table.json")), null,
            new() { CommentHandling = JsonCommentHandling.Skip })!["devices"]!.AsObject();
        var machines = table.Where(device => device.Value!["gpusPerNode"] is not null).ToList();
        machines.Count.ShouldBe(3);
        foreach (var (name, device) in machines)
        {
            var size = Regex.Match((string)device!["source"]!, @"Standard_\w+").Value;
            known[size]?.GetValue<int>().ShouldBe(device["gpusPerNode"]!.GetValue<int>(), $"{name}: {size}");
        }
    }
}

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace R1Cloud.Infra.Tests;

/// <summary>What whoever deploys can set.</summary>
public sealed class ParameterTests
{
    [Theory]
    [InlineData("dev", "vnetEnabled", null, "maxDedicatedNodes", "0")]
    [InlineData("prod", "vnetEnabled", "True", "maxDedicatedNodes", "2")]
    public async Task Parameters_OfAnEnvironment_AreItsOwn(string name, string first, string? firstValue, string second, string secondValue)
    {
        var (_, output, _) =
            await Bicep.RunAsync(BicepFilesTests.Production, "build-params", Repository.Path("infra", $"{name}.bicepparam"), "--stdout");
        var parameters = JsonNode.Parse((string)JsonNode.Parse(output)!["parametersJson"]!)!["parameters"]!;
        ((string)parameters["environmentName"]!["value"]!).ShouldBe($"r1-{name}");
        parameters[first]?["value"]?.ToString().ShouldBe(firstValue?.ToLowerInvariant());
        parameters[second]!["value"]!.ToString().ShouldBe(secondValue);
    }

    [Fact]
    public void Parameters_OfAzd_CanSetAllThatAVmSizeAndABudgetDecide()
    {
        var text = File.ReadAllText(Repository.Path("infra", "main.bicepparam"));
        string[] names =
        [
            "trainerImage", "vmSize", "osDiskSizeGB", "containerOptions", "workerThreads", "gpusPerNode", "durableBackend",
            "poolAllocationMode", "batchServicePrincipalId", "maxSpotNodes", "maxDedicatedNodes", "spotPricePerHour",
            "dedicatedPricePerHour", "vnetEnabled",
            "entraClientId", "entraIdentities", "entraGroups", "monthlyBudget", "budgetContacts", "budgetStart", "principalId",
        ];
        foreach (var name in names)
            Regex.IsMatch(text, $"^param {name} = .*readEnvironmentVariable", RegexOptions.Multiline).ShouldBeTrue(name);
    }

    [Fact]
    public void AzureYaml_NamesProjectsThatExist()
    {
        var text = File.ReadAllText(Repository.Path("azure.yaml"));
        var project = Regex.Match(text, @"project: (\S+)").Groups[1].Value;
        Directory.Exists(Repository.Path(project)).ShouldBeTrue();
        text.ShouldContain("path: infra");
        // The tag by which azd finds the app.
        File.ReadAllText(Repository.Path("infra", "main.bicep"))
            .ShouldContain($"'azd-service-name': '{Regex.Match(text, @"services:\n  (\S+):").Groups[1].Value}'");
    }
}

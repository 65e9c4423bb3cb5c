using System.Text.RegularExpressions;

namespace R1Cloud.Infra.Tests;

/// <summary>What `azd up` reads.</summary>
public sealed class AzdTests(CompiledTemplate template)
{
    private static readonly string Yaml = File.ReadAllText(Repository.Path("azure.yaml"));

    [Fact]
    public void AzureYaml_SaysItsTemplateTheVersionsOfAzdAndTheHook()
    {
        Regex.IsMatch(Yaml, @"^metadata:\n  template: r1-cloud@\d+\.\d+\.\d+$", RegexOptions.Multiline).ShouldBeTrue();
        Regex.IsMatch(Yaml, @"^requiredVersions:\n  azd: '>= \d+\.\d+\.\d+'$", RegexOptions.Multiline).ShouldBeTrue();
        var hook = Regex.Match(Yaml, @"postprovision:\n    shell: sh\n    run: (\S+)").Groups[1].Value;
        File.Exists(Repository.Path(hook)).ShouldBeTrue();
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(Repository.Path(hook)).HasFlag(UnixFileMode.UserExecute).ShouldBeTrue();
    }

    [Fact]
    public void Location_IsAskedForAmongTheRegionsOfFlexConsumption()
    {
        var location = template.Root["parameters"]!["location"]!;
        ((string)location["metadata"]!["azd"]!["type"]!).ShouldBe("location");
        var regions = location["allowedValues"]!.AsArray().Select(region => (string)region!).ToList();
        regions.ShouldContain("swedencentral"); // the parameter files' default
        regions.ShouldBe(regions.Order(StringComparer.Ordinal));
        regions.Count.ShouldBeGreaterThan(20);
    }

    [Fact]
    public void Outputs_HoldAllThatHookAndDocumentsUse()
    {
        var outputs = template.Root["outputs"]!.AsObject().Select(output => output.Key).ToList();
        outputs.ShouldContain("AZURE_LOCATION");
        outputs.ShouldContain("AZURE_TENANT_ID");
        var used = new[] { Repository.Path("infra", "hooks", "trainer-image.sh"), Repository.Path("docs", "azure.md") }
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), @"\$\{?(AZURE_[A-Z_]+)").Select(match => match.Groups[1].Value))
                .Distinct()
            .Except(["AZURE_ENV_NAME"]); // azd's own
        used.ShouldBeSubsetOf(outputs);
    }

    [Fact]
    public void Pool_HasADiskForDockerAndTagsOnlyWhereBatchAllowsThem()
    {
        var pool = Bicep.Resources(template.Root)
            .Single(resource => (string?)resource["type"] == "Microsoft.Batch/batchAccounts/pools")["properties"]!;
        ((string)pool["deploymentConfiguration"]!["virtualMachineConfiguration"]!["osDisk"]!["diskSizeGB"]!)
            .ShouldBe("[parameters('osDiskSizeGB')]");
        ((int)template.Root["parameters"]!["osDiskSizeGB"]!["defaultValue"]!).ShouldBe(128);
        ((string)pool["resourceTags"]!)
            .ShouldBe("[if(equals(parameters('poolAllocationMode'), 'UserSubscription'), parameters('tags'), null())]");
    }

    [Fact]
    public void SignIn_TakesTokensOfVersionTwo()
    {
        var signIn = Bicep.Resources(template.Root)
            .Single(resource => ((string?)resource["name"])?.Contains("authsettingsV2", StringComparison.Ordinal) == true);
        var provider = signIn["properties"]!["identityProviders"]!["azureActiveDirectory"]!;
        ((string)provider["registration"]!["openIdIssuer"]!).ShouldContain("/v2.0");
        provider["validation"]!["allowedAudiences"]!.AsArray().Select(audience => (string)audience!)
            .ShouldContain("[parameters('entraClientId')]");
        File.ReadAllText(Repository.Path("docs", "azure.md")).ShouldContain("--requested-access-token-version 2");
    }
}

using System.Text.RegularExpressions;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Infra.Tests;

/// <summary>The Functions app, its settings and its sign-in.</summary>
public sealed class AppTemplateTests(CompiledTemplate template)
{
    [Fact]
    public void App_RunsOnFlexConsumptionWithoutPasswords()
    {
        ((string)template.One("Microsoft.Web/serverfarms")["sku"]!["name"]!).ShouldBe("FC1");
        var app = template.One("Microsoft.Web/sites");
        ((bool)app["properties"]!["httpsOnly"]!).ShouldBeTrue();
        ((string)app["properties"]!["functionAppConfig"]!["runtime"]!["name"]!).ShouldBe("dotnet-isolated");
        ((string)app["properties"]!["functionAppConfig"]!["runtime"]!["version"]!).ShouldBe("10.0");
        ((string)app["properties"]!["functionAppConfig"]!["deployment"]!["storage"]!["authentication"]!["type"]!)
            .ShouldBe("UserAssignedIdentity");
        // What the plan takes from functionAppConfig it refuses as settings.
        template.Settings.Where(name =>
            name.StartsWith("WEBSITE_", StringComparison.Ordinal) || name.StartsWith("FUNCTIONS_", StringComparison.Ordinal))
            .ShouldBeEmpty();
        var policies = template.All.Where(resource => (string?)resource["type"] == "Microsoft.Web/sites/basicPublishingCredentialsPolicies")
            .ToList();
        policies.Count.ShouldBe(2);
        policies.ShouldAllBe(policy => !(bool)policy["properties"]!["allow"]!);
    }

    [Fact]
    public void App_GetsEverySettingThatItReads()
    {
        var read = Directory.EnumerateFiles(Repository.Path("src", "Orchestrator"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), "\"%?(R1_[A-Z_]+)%?\"").Select(match => match.Groups[1].Value))
            .Append(StorageConnection.Variable).Distinct().Except(["R1_PRICE_PER_HOUR", "R1_CURRENCY"]);
        read.ShouldBeSubsetOf(template.Settings);
        // The host's storage (deployments, keys, Durable Task's hub) and the trigger's queue, by identity.
        foreach (var name in new[] { "AzureWebJobsStorage__accountName", "R1Queues__queueServiceUri" })
            template.Settings.ShouldContain(name);
        foreach (var connection in new[] { "AzureWebJobsStorage", "R1Queues" })
            template.Settings.ShouldBe(template.Settings.Union([$"{connection}__credential", $"{connection}__clientId"]));
        template.Settings.Where(name => name.Contains("KEY", StringComparison.Ordinal) && name != "R1_KEEP_WORKERS").ShouldBeEmpty();
    }

    [Fact]
    public void Homepage_OfThePlatform_GivesWayToThePage() =>
        ((string)template.AppSettings["AzureWebJobsDisableHomepage"]!).ShouldBe("true");

    [Fact]
    public void SignIn_WhereItIsOn_LetsOnlyNamedOnesPass()
    {
        var signIn =
            template.All.Single(resource =>
                (string?)resource["type"] == "Microsoft.Web/sites/config"
                && ((string)resource["name"]!).Contains("authsettingsV2", StringComparison.Ordinal));
        var principals =
            signIn["properties"]!["identityProviders"]!["azureActiveDirectory"]!["validation"]!
            ["defaultAuthorizationPolicy"]!["allowedPrincipals"]!;
        // An empty list would let the whole tenant in: then an id that nobody has stands there.
        ((string)principals["identities"]!).ShouldBe(
            "[if(and(empty(parameters('entraIdentities')), empty(parameters('entraGroups'))), "
            + "createArray('00000000-0000-0000-0000-000000000000'), parameters('entraIdentities'))]");
        ((string)principals["groups"]!).ShouldBe("[parameters('entraGroups')]");
        var given = template.Root["resources"]!["functions"]!["properties"]!["parameters"]!;
        given["entraIdentities"]!.ToString().ShouldContain("union(createArray(parameters('principalId')), parameters('entraIdentities'))");
    }

    [Fact]
    public void SignIn_WhereItIsOn_IsCheckedByThePlatformAndAskedForByTheApp()
    {
        var signIn =
            template.All.Single(resource =>
                (string?)resource["type"] == "Microsoft.Web/sites/config"
                && ((string)resource["name"]!).Contains("authsettingsV2", StringComparison.Ordinal));
        ((string)signIn["condition"]!).ShouldContain("entraClientId");
        var validation = signIn["properties"]!["globalValidation"]!;
        ((string)validation["unauthenticatedClientAction"]!).ShouldBe("AllowAnonymous");
        ((bool)signIn["properties"]!["platform"]!["enabled"]!).ShouldBeTrue();
        // Without these the app would let everybody pass.
        ((string)template.AppSettings["R1_SIGN_IN"]!).ShouldBe("[if(empty(parameters('entraClientId')), 'false', 'true')]");
        ((string)template.AppSettings["R1_SIGN_IN_IDENTITIES"]!).ShouldBe("[join(parameters('entraIdentities'), ',')]");
        ((string)template.AppSettings["R1_SIGN_IN_GROUPS"]!).ShouldBe("[join(parameters('entraGroups'), ',')]");
    }
}

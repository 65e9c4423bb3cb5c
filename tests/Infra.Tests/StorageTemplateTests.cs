using System.Text.RegularExpressions;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Infra.Tests;

/// <summary>Accounts for the host and for runs.</summary>
public sealed class StorageTemplateTests(CompiledTemplate template)
{
    [Fact]
    public void Storage_HasNoKeysAndNoPublicBlobs()
    {
        var accounts = template.All.Where(resource => (string?)resource["type"] == "Microsoft.Storage/storageAccounts")
            .Select(account => account["properties"]!).ToList();
        accounts.Count.ShouldBe(2);
        foreach (var properties in accounts)
        {
            ((bool)properties["allowSharedKeyAccess"]!).ShouldBeFalse();
            ((bool)properties["allowBlobPublicAccess"]!).ShouldBeFalse();
            ((bool)properties["supportsHttpsTrafficOnly"]!).ShouldBeTrue();
            ((string)properties["minimumTlsVersion"]!).ShouldBe("TLS1_2");
            ((string)properties["publicNetworkAccess"]!).ShouldBe("[if(parameters('publicAccess'), 'Enabled', 'Disabled')]");
        }
    }

    [Fact]
    public void Template_NeverReadsAKey() =>
        Regex.Matches(template.Root.ToJsonString(),
            @"list(Keys|AccountKeys|Credentials|Secrets|ConnectionStrings|AccountSas|ServiceSas)?\w*\(", RegexOptions.IgnoreCase)
            .Select(match => match.Value).ShouldBeEmpty();

    [Fact]
    public void Storage_DeletesOldRolloutsAndNothingElse()
    {
        var rules = template.One("Microsoft.Storage/storageAccounts/managementPolicies")["properties"]!["policy"]!["rules"]!.AsArray();
        var deleting = rules.Single(rule => rule!["definition"]!["actions"]!["baseBlob"]!["delete"] is not null)!;
        var prefix = (string)deleting["definition"]!["filters"]!["prefixMatch"]![0]!;
        Resolve(prefix).ShouldBe($"{BlobLayout.Container}/rollouts/");
        BlobLayout.Rollout("run", "stage", 0, 0).ShouldStartWith("rollouts/");
    }

    [Fact]
    public void Storage_NamesAreThoseOfTheCode()
    {
        var text = File.ReadAllText(Repository.Path("infra", "modules", "storage.bicep"));
        text.ShouldContain($"var runsContainerName = '{BlobLayout.Container}'");
        text.ShouldContain($"name: '{BlobLayout.CompletionsQueue}'");
    }

    // A format() of a template with its variables put in.
    private string Resolve(string expression)
    {
        var match = Regex.Match(expression, @"^\[format\('(?<text>[^']*)', variables\('(?<name>\w+)'\)\)\]$");
        match.Success.ShouldBeTrue(expression);
        return match.Groups["text"].Value.Replace("{0}", template.Variable(match.Groups["name"].Value), StringComparison.Ordinal);
    }
}

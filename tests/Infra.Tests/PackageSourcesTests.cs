namespace R1Cloud.Infra.Tests;

/// <summary>Packages run nothing when they are installed.</summary>
public sealed class PackageSourcesTests
{
    [Theory]
    [InlineData("azurite")]
    [InlineData("tokenizers")]
    public void NodePackages_RunNoScriptsWhenTheyAreInstalled(string package)
    {
        File.ReadAllLines(Repository.Path("eng", package, ".npmrc")).ShouldContain("ignore-scripts=true");
        File.ReadAllText(Repository.Path("r1")).ShouldContain("npm ci --prefix \"$folder\" --ignore-scripts");
    }

    [Fact]
    public void PagePackages_RunNoScriptsWhenTheyAreInstalled()
    {
        File.ReadAllLines(Repository.Path("src", "Web", ".npmrc")).ShouldContain("ignore-scripts=true");
        File.ReadAllText(Repository.Path("src", "Web", "Web.csproj")).ShouldContain("npm ci --ignore-scripts");
    }
}

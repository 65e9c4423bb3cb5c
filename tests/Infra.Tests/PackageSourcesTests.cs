using System.Diagnostics;
using System.Text.RegularExpressions;

namespace R1Cloud.Infra.Tests;

/// <summary>Packages run nothing when they are installed, and come from where they are meant to.</summary>
public sealed class PackageSourcesTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-sources-");

    public void Dispose() => folder.Delete(recursive: true);

    /// <summary>With two sources a stranger's package of a name that we use could come from the other one.</summary>
    [Theory]
    [InlineData("", false)]
    [InlineData("<packageSourceMapping><packageSource key=\"ours\"><package pattern=\"*\" /></packageSource></packageSourceMapping>", true)]
    public async Task NuGetPackages_OfSeveralSources_AreTakenOnlyWhereEachIsMapped(string mapping, bool isTaken)
    {
        // Nothing is fetched: the packages are on this machine since the build, and nobody answers there.
        var config = Path.Combine(folder.FullName, "nuget.config");
        await File.WriteAllTextAsync(config, $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="ours" value="https://127.0.0.1:9/ours/index.json" /><add key="other" value="https://127.0.0.1:9/other/index.json" />
              </packageSources>
              {mapping}
            </configuration>
            """, TestContext.Current.CancellationToken);
        string[] arguments =
        [
            "restore", Repository.Path("src", "Shared", "Shared.csproj"), "--configfile", config, "--force", "-nodeReuse:false",
            $"-p:ArtifactsPath={folder.FullName}/artifacts/", "-p:NuGetAudit=false",
        ];
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet",
            arguments) { RedirectStandardOutput = true };
        using var restore = Process.Start(start)!;
        var output = await restore.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await restore.WaitForExitAsync(TestContext.Current.CancellationToken);
        output.Contains("error NU1507", StringComparison.Ordinal).ShouldBe(!isTaken, output);
        if (!isTaken) restore.ExitCode.ShouldNotBe(0);
    }

    [Fact]
    public void NuGetPackages_OfEveryProject_HaveTheirVersionsInOnePlace()
    {
        foreach (var project in Directory.EnumerateFiles(Repository.Path("src"), "*.csproj", SearchOption.AllDirectories))
            Regex.IsMatch(File.ReadAllText(project), @"<PackageReference[^>]*Version(Override)?=").ShouldBeFalse(project);
        var versions =
            Regex.Matches(File.ReadAllText(Repository.Path("Directory.Packages.props")), @"<PackageVersion [^>]*Version=""([^""]*)""")
            .Select(match => match.Groups[1].Value).ToList();
        versions.Count.ShouldBeGreaterThan(20);
        versions.ShouldAllBe(version => Regex.IsMatch(version, @"^[0-9][0-9A-Za-z.-]*$")); // no ranges, nothing that floats
    }

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

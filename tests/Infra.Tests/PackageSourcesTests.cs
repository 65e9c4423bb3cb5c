using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;

namespace R1Cloud.Infra.Tests;

/// <summary>Where packages come from, and that they run nothing when they are installed.</summary>
public sealed class PackageSourcesTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-sources-");

    public PackageSourcesTests()
    {
        Directory.CreateDirectory(At("eng/nuget"));
        Directory.CreateDirectory(At("feed"));
        Directory.CreateDirectory(At("mirror"));
        File.Copy(Repository.Path("eng", "nuget", "nuget.config"), At("eng/nuget/nuget.config"));
        // The part of the repository's own file that is about sources, and nothing that needs packages.
        var props = XDocument.Load(Repository.Path("Directory.Build.props"));
        props.Root!.Elements().Where(group => group.Name.LocalName != "PropertyGroup" || !group.Elements().Any(item => item.Name.LocalName is "UserNuGetConfig" or "RestoreRootConfigDirectory")).Remove();
        props.Save(At("Directory.Build.props"));
        Pack("feed");
        File.WriteAllText(At("app.csproj"), """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework><RestorePackagesPath>$(MSBuildThisFileDirectory)packages</RestorePackagesPath><DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences><DisableTransitiveFrameworkReferenceDownloads>true</DisableTransitiveFrameworkReferenceDownloads></PropertyGroup>
              <ItemGroup><PackageReference Include="R1.Confused" Version="1.0.0" /></ItemGroup>
            </Project>
            """);
    }

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Restore_PackageOnAnotherSource_IsNotTaken()
    {
        Sources(("nuget.org", "mirror"), ("other", "feed"));
        var (code, output) = await RestoreAsync();
        code.ShouldNotBe(0, output);
        output.ShouldContain("R1.Confused");
        Directory.Exists(At("packages/r1.confused")).ShouldBeFalse();
    }

    [Fact]
    public async Task Restore_MirrorBehindTheName_IsTaken()
    {
        Sources(("nuget.org", "feed"));
        var (code, output) = await RestoreAsync();
        code.ShouldBe(0, output);
    }

    [Fact]
    public async Task Restore_MachineWithoutTheName_RestoresAsItIsSetUp()
    {
        Sources(("mirror-of-ours", "feed"));
        var (code, output) = await RestoreAsync();
        code.ShouldBe(0, output);
    }

    [Fact]
    public async Task Restore_SourceNamedByTheUser_IsTaken()
    {
        Sources(("nuget.org", "mirror"));
        var (code, output) = await RestoreAsync("--source", At("feed"));
        code.ShouldBe(0, output);
    }

    [Fact]
    public void NuGetConfig_NamesNoSourceOfItsOwn()
    {
        var config = XDocument.Load(Repository.Path("eng", "nuget", "nuget.config")).Root!;
        config.Elements().Select(element => element.Name.LocalName).ShouldBe(["packageSourceMapping"]);
    }

    [Theory]
    [InlineData("azurite")]
    [InlineData("tokenizers")]
    public void NodePackages_RunNoScriptsWhenTheyAreInstalled(string package)
    {
        File.ReadAllLines(Repository.Path("eng", package, ".npmrc")).ShouldContain("ignore-scripts=true");
        File.ReadAllText(Repository.Path("r1")).ShouldContain("npm ci --prefix \"$folder\" --ignore-scripts");
    }

    private string At(string name) => Path.Combine(folder.FullName, name);

    private void Sources(params (string Name, string Folder)[] sources)
    {
        Directory.CreateDirectory(At("home/.nuget/NuGet"));
        new XElement("configuration", new XElement("packageSources", sources.Select(source => new XElement("add", new XAttribute("key", source.Name), new XAttribute("value", At(source.Folder))))))
            .Save(At("home/.nuget/NuGet/NuGet.Config"));
    }

    private void Pack(string feed)
    {
        using var zip = ZipFile.Open(At($"{feed}/R1.Confused.1.0.0.nupkg"), ZipArchiveMode.Create);
        using var writer = new StreamWriter(zip.CreateEntry("R1.Confused.nuspec").Open());
        writer.Write("""<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata><id>R1.Confused</id><version>1.0.0</version><authors>nobody</authors><description>none</description></metadata></package>""");
    }

    private async Task<(int Code, string Output)> RestoreAsync(params string[] arguments)
    {
        Assert.SkipUnless(!OperatingSystem.IsWindows(), "The user's settings are found by HOME.");
        var start = new ProcessStartInfo("dotnet", ["restore", At("app.csproj"), "--nologo", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder.FullName };
        start.Environment["HOME"] = At("home");
        start.Environment["DOTNET_CLI_HOME"] = At("home");
        foreach (var name in new[] { "NUGET_PACKAGES", "RestoreSources", "MSBUILD_EXE_PATH", "MSBuildSDKsPath" }) start.Environment.Remove(name);
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await error);
    }
}

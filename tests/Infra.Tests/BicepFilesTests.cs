using System.Text.RegularExpressions;

namespace R1Cloud.Infra.Tests;

/// <summary>Every Bicep file compiles and passes the linter without a word.</summary>
public sealed partial class BicepFilesTests
{
    /// <summary>What production asks for.</summary>
    internal static Dictionary<string, string> Production { get; } = new() {
        ["R1_ENTRA_CLIENT_ID"] = "11111111-1111-1111-1111-111111111111", ["AZURE_PRINCIPAL_ID"] = "22222222-2222-2222-2222-222222222222" };

    // Compiling a file compiles, and lints, all that it names: what nothing names is where to begin.
    public static TheoryData<string> Roots
    {
        get
        {
            var files = Directory.EnumerateFiles(Repository.Path("infra"), "*.bicep", SearchOption.AllDirectories).ToList();
            var named = files.SelectMany(file => ModuleName().Matches(File.ReadAllText(file)).Select(match =>
                Path.GetFullPath(match.Groups[1].Value, Path.GetDirectoryName(file)!))).ToHashSet(StringComparer.Ordinal);
            return [.. files.Where(file => !named.Contains(file)).Select(Relative).Order()];
        }
    }

    public static TheoryData<string> Parameters =>
        [.. Directory.EnumerateFiles(Repository.Path("infra"), "*.bicepparam").Select(Relative).Order()];

    [Theory, MemberData(nameof(Roots))]
    public async Task Build_OfAFileWithItsModules_HasNoWarnings(string file)
    {
        var (code, _, error) = await Bicep.RunAsync("build", Repository.Path(file), "--stdout");
        error.ShouldBeEmpty();
        code.ShouldBe(0);
    }

    [Theory, MemberData(nameof(Parameters))]
    public async Task Build_OfAParameterFile_HasNoWarnings(string file)
    {
        var (code, _, error) = await Bicep.RunAsync(Production, "build-params", Repository.Path(file), "--stdout");
        error.ShouldBeEmpty();
        code.ShouldBe(0);
    }

    [Theory]
    [InlineData("R1_ENTRA_CLIENT_ID")]
    [InlineData("AZURE_PRINCIPAL_ID")]
    public async Task Build_OfProductionWithoutSignIn_Fails(string missing)
    {
        foreach (var empty in new[] { false, true })
        {
            var environment = new Dictionary<string, string>(Production);
            environment.Remove(missing);
            if (empty) environment[missing] = "";
            var (code, output, error) =
                await Bicep.RunAsync(environment, "build-params", Repository.Path("infra", "prod.bicepparam"), "--stdout");
            code.ShouldNotBe(0, output);
            error.ShouldContain("R1_ENTRA_");
        }
    }

    [Fact]
    public async Task Build_OfAFileWithAWrongModule_SaysWhatIsWrong()
    {
        var folder = Directory.CreateTempSubdirectory("r1-bicep-");
        try
        {
            File.Copy(Repository.Path("infra", "bicepconfig.json"), Path.Combine(folder.FullName, "bicepconfig.json"));
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "wrong.bicep"),
                "param unused string\noutput key string = listKeys('x', '2023-05-01').keys[0].value\n");
            var file = Path.Combine(folder.FullName, "root.bicep");
            await File.WriteAllTextAsync(file, "module wrong 'wrong.bicep' = { name: 'wrong', params: { unused: 'a' } }\n");
            (await Bicep.RunAsync("build", file, "--stdout"))
                .Error.ShouldSatisfyAllConditions(error => error.ShouldContain("no-unused-params"),
                    error => error.ShouldContain("outputs-should-not-contain-secrets"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [GeneratedRegex("(?m)^module \\S+ '([^']+)'")]
    private static partial Regex ModuleName();

    private static string Relative(string path) => Path.GetRelativePath(Repository.Root, path);
}

namespace R1Cloud.Infra.Tests;

/// <summary>Every Bicep file compiles and passes the linter without a word.</summary>
public sealed class BicepFilesTests
{
    /// <summary>What production asks for.</summary>
    internal static Dictionary<string, string> Production { get; } = new() {
        ["R1_ENTRA_CLIENT_ID"] = "11111111-1111-1111-1111-111111111111", ["AZURE_PRINCIPAL_ID"] = "22222222-2222-2222-2222-222222222222" };

    public static TheoryData<string> Modules =>
        [.. Directory.EnumerateFiles(Repository.Path("infra"), "*.bicep", SearchOption.AllDirectories).Select(Relative).Order()];

    public static TheoryData<string> Parameters =>
        [.. Directory.EnumerateFiles(Repository.Path("infra"), "*.bicepparam").Select(Relative).Order()];

    [Theory, MemberData(nameof(Modules))]
    public async Task Build_OfAModule_HasNoWarnings(string file)
    {
        // Linting compiles too.
        var (code, _, error) = await Bicep.RunAsync("lint", Repository.Path(file));
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
    public async Task Lint_OfAWrongFile_Fails()
    {
        var folder = Directory.CreateTempSubdirectory("r1-bicep-");
        try
        {
            File.Copy(Repository.Path("infra", "bicepconfig.json"), Path.Combine(folder.FullName, "bicepconfig.json"));
            var file = Path.Combine(folder.FullName, "wrong.bicep");
            await File.WriteAllTextAsync(file, "param unused string\noutput key string = listKeys('x', '2023-05-01').keys[0].value\n");
            (await Bicep.RunAsync("lint", file))
                .Error.ShouldSatisfyAllConditions(error => error.ShouldContain("no-unused-params"),
                    error => error.ShouldContain("outputs-should-not-contain-secrets"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Relative(string path) => Path.GetRelativePath(Repository.Root, path);
}

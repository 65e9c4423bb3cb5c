using System.Diagnostics;

namespace R1Cloud.Infra.Tests;

/// <summary>
/// azd's hook after a provision, with an `az` and an `azd` of a few lines of bash in a copy of what the image is built from.
/// </summary>
public sealed class TrainerImageHookTests : IDisposable
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-hook-");

    public TrainerImageHookTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The hook is for bash.");
        Write("infra/hooks/trainer-image.sh", File.ReadAllText(Repository.Path("infra", "hooks", "trainer-image.sh")));
        Write(".dockerignore", "*\n!global.json\n!Directory.*.props\n!src/GpuJob\n**/bin\n");
        Write("global.json", "{}");
        Write("Directory.Build.props", "<Project />");
        Write("src/GpuJob/Program.cs", "// one");
        Write("src/GpuJob/bin/Program.dll", "built");
        // A registry that has what was built, by tag; and azd, which runs the hook after each of its provisions.
        Program("az", $$"""
            echo "az $*" >> "$LOG"
            case "$*" in
              "acr build"*) image=$(sed 's/.* -t \([^ ]*\).*/\1/' <<< "$*"); touch "$LOG.$image" ;;
              "acr repository show"*) image=$(sed 's/.*--image \([^ ]*\).*/\1/' <<< "$*"); [[ -e $LOG.$image ]] || exit 3; echo "${FAKE_DIGEST:-{{Digest}}}" ;;
            esac
            """);
        Program("azd", """
            echo "azd $* with ${R1_TRAINER_IMAGE:-none}" >> "$LOG"
            [[ $1 != provision ]] || bash infra/hooks/trainer-image.sh
            """);
    }

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Hook_AfterTheFirstProvision_BuildsTheImageAndProvisionsOnceMore()
    {
        (await RunAsync()).Code.ShouldBe(0);
        var log = await LogAsync();
        log.Count(line => line.StartsWith("az acr build -r cr0 -t gpujob:", StringComparison.Ordinal)).ShouldBe(1);
        log[^2].ShouldBe($"azd env set R1_TRAINER_IMAGE gpujob@{Digest} -e r1 with none");
        log[^1].ShouldBe($"azd provision --no-prompt -e r1 with gpujob@{Digest}", "and its own hook did nothing");
    }

    [Fact]
    public async Task Hook_WithTheImageInPlace_DoesNothing()
    {
        await RunAsync();
        var before = await LogAsync();
        (await RunAsync(image: $"gpujob@{Digest}")).Output.ShouldContain($"pool and app have gpujob@{Digest}");
        (await LogAsync())[before.Count..].ShouldAllBe(line => line.StartsWith("az acr repository show", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("src/GpuJob/Program.cs", true)]
    [InlineData("src/GpuJob/New.cs", true)]
    [InlineData("Directory.Packages.props", true)]
    [InlineData("src/GpuJob/bin/Program.dll", false)]
    [InlineData("docs/azure.md", false)]
    public async Task Hook_AfterAChange_BuildsOnlyWhatIsPartOfTheImage(string file, bool builds)
    {
        await RunAsync();
        Write(file, "// two");
        await RunAsync(image: $"gpujob@{Digest}");
        (await LogAsync()).Count(line => line.StartsWith("az acr build", StringComparison.Ordinal)).ShouldBe(builds ? 2 : 1);
    }

    [Fact]
    public async Task Hook_ToldToKeepTheImage_DoesNothing()
    {
        (await RunAsync(("R1_BUILD_IMAGE", "false"))).Code.ShouldBe(0);
        (await LogAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("FAKE_DIGEST", "nonsense", "tells no digest")]
    [InlineData("AZURE_CONTAINER_REGISTRY_ENDPOINT", "", "AZURE_CONTAINER_REGISTRY_ENDPOINT is not set")]
    public async Task Hook_ThatCannot_EndsWithTheReasonAndSetsNothing(string variable, string value, string reason)
    {
        var (code, output) = await RunAsync((variable, value));
        code.ShouldBe(1);
        output.ShouldContain(reason);
        (await LogAsync()).ShouldAllBe(line => !line.StartsWith("azd", StringComparison.Ordinal));
    }

    private Task<(int Code, string Output)> RunAsync(string image) => RunAsync(("R1_TRAINER_IMAGE", image));

    private async Task<(int Code, string Output)> RunAsync(params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("bash", [At("infra/hooks/trainer-image.sh")]) { RedirectStandardOutput = true,
            RedirectStandardError = true, WorkingDirectory = "/" };
        foreach (var name in start.Environment.Keys.Where(name =>
            name.StartsWith("R1_", StringComparison.Ordinal) || name.StartsWith("AZURE_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        start.Environment["PATH"] = At("programs") + ":" + Environment.GetEnvironmentVariable("PATH");
        start.Environment["LOG"] = At("log");
        start.Environment["AZURE_ENV_NAME"] = "r1";
        start.Environment["AZURE_CONTAINER_REGISTRY_ENDPOINT"] = "cr0.azurecr.io";
        foreach (var (name, value) in variables) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var texts = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Concat(texts));
    }

    private async Task<List<string>> LogAsync() => File.Exists(At("log")) ? [.. await File.ReadAllLinesAsync(At("log"))] : [];

    private string At(string path) => Path.Combine(folder.FullName, path);

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }

    private void Program(string name, string script)
    {
        Write($"programs/{name}", "#!/usr/bin/env bash\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(At($"programs/{name}"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}

using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Xml.Linq;

namespace R1Cloud.Infra.Tests.Container;

/// <summary>
/// What an engine would do for the image's build stage, in a folder: no engine is at hand everywhere. CPU natives, which every build has.
/// </summary>
public sealed class ImageBuildTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-image-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task BuildStage_WithNothingButWhatIsCopied_MakesATrainerThatTheEntrypointRuns()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64,
            "The image is for Linux on x64.");
        // A second build of the trainer takes minutes; the workflow azure.yml builds the image itself at every push.
        Assert.SkipUnless(Environment.GetEnvironmentVariable("R1_TEST_IMAGE") == "1", "R1_TEST_IMAGE is not 1.");
        var source = folder.CreateSubdirectory("source").FullName;
        var app = Path.Combine(folder.FullName, "app");
        foreach (var instruction in Dockerfile.Instructions.Where(instruction => instruction.Stage == "build"))
        {
            if (instruction.IsCopyOfTheRepository) Copy(instruction.Arguments, source);
            if (instruction.Word != "RUN") continue;
            var script = instruction.Text.Replace("/app", app, StringComparison.Ordinal);
            var (code, output) = await RunAsync("bash", source, "-c", script);
            code.ShouldBe(0, $"{instruction.Text}\n{output}");
        }

        var (exit, version) = await RunAsync(Repository.Path("infra", "docker", "entrypoint"), source, "--version");
        exit.ShouldBe(0, version);
        version.Trim().ShouldBe(VersionWithoutGit());
    }

    // The version of a build that has no tags at hand, as the image's build has none.
    private static string VersionWithoutGit() =>
        XDocument.Load(Repository.Path("Directory.Build.props")).Descendants("Version").Single().Value;

    // COPY: files and patterns into a folder, a folder's content into a folder.
    private static void Copy(IReadOnlyList<string> arguments, string root)
    {
        foreach (var source in arguments.SkipLast(1))
        {
            var target = Directory.CreateDirectory(Path.Combine(root, arguments[^1])).FullName;
            if (source.EndsWith('/')) CopyFolder(Repository.Path(source), target);
            else foreach (var file in Directory.EnumerateFiles(Repository.Path(Path.GetDirectoryName(source)!), Path.GetFileName(source)))
                File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }
    }

    private static void CopyFolder(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var file in Directory.EnumerateFiles(source))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)), overwrite: true);
        // As .dockerignore says.
        foreach (var child in Directory.EnumerateDirectories(source)
            .Where(child => Path.GetFileName(child) is not ("bin" or "obj" or "node_modules")))
            CopyFolder(child, Path.Combine(target, Path.GetFileName(child)));
    }

    private async Task<(int Code, string Output)> RunAsync(string program, string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = directory, RedirectStandardOutput = true,
            RedirectStandardError = true };
        start.Environment["TORCH_BACKEND"] = "cpu";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        // The same sources were analyzed when this test was built, which takes longer than to compile them.
        start.Environment["RunAnalyzers"] = "false";
        start.Environment["R1_TRAINER"] = Path.Combine(folder.FullName, "app", "gpujob");
        start.Environment["R1_PID_FILE"] = Path.Combine(folder.FullName, "pid");
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await error);
    }
}

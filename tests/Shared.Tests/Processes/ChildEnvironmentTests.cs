using System.Diagnostics;
using System.Text.RegularExpressions;
using R1Cloud.Shared.Processes;
using R1Cloud.Testing;

namespace R1Cloud.Shared.Tests.Processes;

public sealed class ChildEnvironmentTests
{
    private static readonly string[] Secrets =
        ["R1_API_KEY", "R1_TOKEN", "R1_STORAGE", "AWS_SECRET_ACCESS_KEY", "AZURE_CLIENT_SECRET",
            "GITHUB_TOKEN", "NODE_OPTIONS", "PYTHONPATH", "LD_PRELOAD", "ANYTHING_ELSE"];

    [Theory]
    [InlineData(nameof(ChildEnvironment.ForTool), "PATH HOME LANG LC_ALL TMPDIR")]
    [InlineData(nameof(ChildEnvironment.ForProgram), "PATH HOME LANG LC_ALL TMPDIR DOTNET_ROOT DOTNET_gcServer")]
    [InlineData(nameof(ChildEnvironment.ForTrainer),
        "PATH HOME LANG LC_ALL TMPDIR DOTNET_ROOT DOTNET_gcServer CUDA_VISIBLE_DEVICES OMP_NUM_THREADS MKL_CBWR "
        + "HF_ENDPOINT HF_HOME HF_HUB_OFFLINE HF_TOKEN HUGGING_FACE_HUB_TOKEN R1_ENGINE_SERVERS R1_ENGINE_KEY")]
    [InlineData(nameof(ChildEnvironment.ForEngine),
        "PATH HOME LANG LC_ALL TMPDIR DOTNET_ROOT DOTNET_gcServer CUDA_VISIBLE_DEVICES OMP_NUM_THREADS MKL_CBWR")]
    public void Child_IsToldWhatItNeedsAndNoSecret(string kind, string kept)
    {
        string[] all =
            ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "DOTNET_ROOT", "DOTNET_gcServer", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS",
                "MKL_CBWR", "HF_ENDPOINT", "HF_HOME", "HF_HUB_OFFLINE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN",
                "R1_ENGINE_SERVERS", "R1_ENGINE_KEY"];
        var start = new ProcessStartInfo("none");
        start.Environment.Clear();
        foreach (var name in Secrets.Concat(all)) start.Environment[name] = "x";
        Action<ProcessStartInfo> keep =
            kind switch { nameof(ChildEnvironment.ForTool) => ChildEnvironment.ForTool,
                nameof(ChildEnvironment.ForProgram) => ChildEnvironment.ForProgram,
                nameof(ChildEnvironment.ForEngine) => ChildEnvironment.ForEngine, _ => ChildEnvironment.ForTrainer };
        keep(start);
        start.Environment.Keys.ShouldBe(kept.Split(' '), ignoreOrder: true);
    }

    /// <summary>Whatever starts a process here says first what it tells it.</summary>
    [Fact]
    public void EveryStartOfAProcess_NamesItsEnvironment()
    {
        var files = Directory.EnumerateFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories)
            .Select(file => (Name: Path.GetRelativePath(Repository.Root, file), Text: File.ReadAllText(file)))
            .Where(file => Regex.IsMatch(file.Text, @"new\s+ProcessStartInfo|Process\.Start\(\s*""")).ToList();
        files.Count.ShouldBeGreaterThan(3);
        files.Where(file => !Regex.IsMatch(file.Text, @"ChildEnvironment\.For\w+\(|\.Environment\.Clear\(\)")).Select(file => file.Name)
            .ShouldBeEmpty();
    }
}

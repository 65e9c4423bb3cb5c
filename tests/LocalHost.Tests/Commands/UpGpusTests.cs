using R1Cloud.LocalHost.Environments;

namespace R1Cloud.LocalHost.Tests.Commands;

/// <summary><c>up --gpus</c> is refused before anything is started.</summary>
public sealed class UpGpusTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task RunAsync_RecipeForTheCpu_IsBadInput()
    {
        var outcome = await R1.RunAsync(folder, "up", Repository.Quickstart, "--gpus", "0,1", "--set", "workers.device=cpu");
        outcome.ExitCode.ShouldBe(ExitCode.BadInput, outcome.All);
        outcome.Error.ShouldContain("the recipe asks for 'cpu'");
        Directory.Exists(folder[".r1"]).ShouldBeFalse();
    }

    [Fact]
    public async Task RunAsync_GpusAndTheCpu_AreNotMixed()
    {
        var outcome = await R1.RunAsync(folder, "up", Repository.Quickstart, "--gpus", "0,cpu");
        outcome.ExitCode.ShouldBe(ExitCode.BadInput, outcome.All);
        outcome.All.ShouldContain("mixes GPUs and the CPU");
    }

    [Fact]
    public async Task RunAsync_GpuThatIsNotThere_SaysTheMachineIsNotReady()
    {
        Assert.SkipWhen(!OperatingSystem.IsLinux() || File.Exists("/dev/nvidia0"), "This machine has a GPU, or cannot tell.");
        var outcome = await R1.RunAsync(folder, "up", Repository.Quickstart, "--gpus", "0", "--set", "workers.device=auto", "--port", "0");
        outcome.ExitCode.ShouldBe(ExitCode.Environment, outcome.All);
        outcome.Error.ShouldContain("--gpus names GPU 0, which this machine does not show");
    }
}

using R1Cloud.LocalHost.Environments;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>
/// A run that <c>up</c> shows is cancelled from elsewhere: the host ends with it, and whoever cancelled it has an answer.
/// </summary>
public sealed class CancelledRunTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Cancel_RunThatUpShows_Succeeds()
    {
        var run = new MiniRun(folder, "data", "--set", "stages.base.steps=100000");
        run.Start();
        await run.ReachAsync("base/000000/pretrain/0: attempt");

        var cancel = await R1Process.RunAsync(folder, "cancel", run.RunId, "--data", run.Data);
        cancel.ExitCode.ShouldBe(ExitCode.Ok, cancel.All);
        cancel.Output.ShouldContain("cancelled");
        (await run.EndAsync()).ShouldBe(ExitCode.RunFailed, run.Output);
        run.Output.ShouldContain("cancelled by request");
    }
}

using R1Cloud.LocalHost.Environments;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary><c>r1 verify</c> from beginning to end: every seed is run, told, and judged by the exit code.</summary>
public sealed class VerifyRunTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Verify_TwoSeeds_EndsInsideOrOutsideByTheBandsAndRunsNothingTwice()
    {
        // Whatever is measured is between 0 and 1.
        var inside = await VerifyAsync("greedy 0.5 ± 0.5 after r1-zero");
        inside.ExitCode.ShouldBe(ExitCode.Ok, inside.All);
        inside.Output.ShouldContain("all 2 seeds are inside");
        inside.Output.Split('\n').Count(line => line.Contains("greedy 0.5 ± 0.5 after r1-zero", StringComparison.Ordinal)
            && line.TrimEnd().EndsWith("inside", StringComparison.Ordinal)).ShouldBeGreaterThanOrEqualTo(2, inside.Output);
        foreach (var seed in (string[])["5", "6"]) inside.Output.ShouldMatch($@"(?m)^\s*{seed} .*inside\s*$");

        // No figure is in both.
        var outside = await VerifyAsync("greedy 0 ± 0.1 after r1-zero\", \"greedy 1 ± 0.1 after r1-zero");
        outside.ExitCode.ShouldBe(ExitCode.Outside, outside.All);
        outside.Output.ShouldContain("2 of 2 seeds are outside");
        foreach (var seed in (string[])["5", "6"]) outside.Output.ShouldMatch($@"(?m)^\s*{seed} .*outside");
        outside.Output.Split("reused from").Length.ShouldBeGreaterThan(4, "two stages of two seeds were there");
    }

    private Task<ProcessOutcome> VerifyAsync(string bands) => R1Process.RunAsync(folder, "verify",
        folder.Write("verify.json", MiniRun.R1Zero.Replace("\"samples\": 2,", $"\"samples\": 2, \"expect\": [\"{bands}\"],",
            StringComparison.Ordinal)),
        "--seeds", "2", "--data", folder["data"], "--port", "0", "--set", "stages.r1-zero.iterations=2", "--set",
        "stages.r1-zero.referenceEvery=2");
}

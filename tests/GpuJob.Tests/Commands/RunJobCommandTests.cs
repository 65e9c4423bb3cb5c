using System.Text.Json;
using R1Cloud.GpuJob.Commands;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Commands;

public sealed class RunJobCommandTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly StringWriter output = new(), error = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(null, ExitCodes.Done)]
    [InlineData("bad-input", ExitCodes.BadInput)]
    [InlineData("retryable", ExitCodes.Retryable)]
    public async Task RunJob_Outcome_IsTheExitCodeAndTheResult(string? fault, int expected)
    {
        var spec = new JobSpec { RunId = "run", JobId = "stage/000000/noop/0",
            Payload = new NoopJob { Fault = fault, FaultyAttempts = 9 } };
        await File.WriteAllTextAsync(folder["spec.json"], JsonSerializer.Serialize(spec, R1Json.Options));
        (await RunAsync(folder["spec.json"])).ShouldBe(expected, error.ToString());
        var result = JsonSerializer.Deserialize<JobResult>(output.ToString(), R1Json.Options)!;
        result.JobId.ShouldBe(spec.JobId);
        result.Status.ShouldBe(expected == 0 ? JobStatus.Succeeded : JobStatus.Failed);
        (result.Error?.ExitCode ?? 0).ShouldBe(expected);
    }

    [Fact]
    public async Task RunJob_MissingFile_IsNamed()
    {
        (await RunAsync(folder["none.json"])).ShouldBe(ExitCodes.BadInput);
        error.ToString().ShouldContain("none.json");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{ "runId": "r", "jobId": "j", "payload": { "kind": "sing" } }""")]
    [InlineData("""{ "runId": "r", "jobId": "j" }""")]
    public async Task RunJob_NoSpec_IsRefusedWithTheFilesName(string text)
    {
        await File.WriteAllTextAsync(folder["spec.json"], text);
        (await RunAsync(folder["spec.json"])).ShouldBe(ExitCodes.BadInput);
        error.ToString().ShouldContain("spec.json");
    }

    [Fact]
    public async Task RunJob_UnknownOption_PointsToTheHelp()
    {
        (await RunAsync(folder["spec.json"], "--colour")).ShouldBe(ExitCodes.BadInput);
        error.ToString().ShouldContain("gpujob run-job --help");
    }

    private Task<int> RunAsync(string spec, params string[] more) =>
        TrainerCommandLine.RunAsync(["run-job", spec, "--storage", folder["blobs"], .. more],
            new CommandStreams(TextReader.Null, output, error));
}

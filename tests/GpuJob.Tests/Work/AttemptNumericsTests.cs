using R1Cloud.GpuJob.Attempts;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Work;

/// <summary>
/// An upgrade in the midst of a job: what an earlier attempt saved may be part of what a later one makes, so its result names the
/// arithmetic of both.
/// </summary>
public sealed class AttemptNumericsTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private WorkRun run = null!;

    public async ValueTask InitializeAsync() => run = await WorkRun.StartAsync(azurite);

    public ValueTask DisposeAsync() => run.DisposeAsync();

    [Theory]
    [InlineData("attempts/before/started.json", "{\"attempt\":\"before\",\"numerics\":999}", "999")]
    [InlineData("attempts/before/started.json", "{\"attempt\":\"before\"}", "1")]
    [InlineData("result.retry-1.json", "{\"version\":99,\"numerics\":997,\"otherNumerics\":[996,998]}", "996 997 998")]
    [InlineData("result.retry-1.json", null, "")]
    public async Task RunAsync_AfterAnAttemptOfAnotherArithmetic_TheResultNamesAllVersions(string file, string? text, string others)
    {
        var spec = await run.SubmitAsync(new() { Fault = "retryable", FaultyAttempts = 1 });
        if (text is not null) await run.Blobs.WriteAsync(BlobLayout.Job(run.RunId, spec.JobId) + file, new(text));
        await run.WorkAsync();
        var result = (await run.ResultAsync(spec)).ShouldNotBeNull();
        (result.Status, result.Numerics).ShouldBe((JobStatus.Succeeded, TrainerNumerics.Version));
        string.Join(' ', result.OtherNumerics ?? []).ShouldBe(others);
        (result.OtherNumerics is null).ShouldBe(others.Length == 0);
    }

    [Fact]
    public async Task RunAsync_Begun_TellsItsArithmetic()
    {
        var spec = await run.SubmitAsync(new());
        await run.WorkAsync(_ => Task.FromResult(JobOutcome.Empty));
        var attempt = (await run.ResultAsync(spec)).ShouldNotBeNull().Attempt;
        var word = await run.Blobs.TryReadAsync(BlobLayout.Attempt(run.RunId, spec.JobId, attempt) + BlobLayout.StartedFile);
        word.ShouldNotBeNull().ToString().ShouldContain($"\"numerics\":{TrainerNumerics.Version}");
    }
}

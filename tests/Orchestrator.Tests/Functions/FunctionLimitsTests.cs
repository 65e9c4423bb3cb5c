using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using R1Cloud.Orchestrator.Durable;
using R1Cloud.Orchestrator.Functions;
using R1Cloud.Orchestrator.Hosting;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.Orchestrator.Tests.Functions;

/// <summary>Each of the app's functions, while Durable Task answers nothing: it ends by itself, before the host ends the app.</summary>
public sealed class FunctionLimitsTests : IAsyncDisposable
{
    private readonly FakeTimeProvider clock = new();
    private readonly SilentSource silent = new();
    private readonly MemoryQueues queues = new();
    private readonly WebApplication app;

    public FunctionLimitsTests()
    {
        var blobs = new MemoryBlobs();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.LeaveSignals();
        builder.Services
            .AddSingleton<TimeProvider>(clock).AddSingleton<IBlobStore>(blobs).AddSingleton<OpenQueue>(queues.Open)
            .AddSingleton<IWorkerPool>(new FakeWorkerPool(blobs, queues.Open))
            .AddOrchestratorCore(new PipelineOptions())
            .AddSingleton<IDurableClientSource>(silent);
        app = builder.Build();
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task CompleteJob_WithoutAnAnswer_IsStopped()
    {
        var message = JsonSerializer.Serialize(new JobCompletion("r", "j", new("r", "job:j"), JobStatus.Succeeded), R1Json.Options);
        await StoppedAsync(app.Services.GetRequiredService<CompletionFunctions>().RunAsync(message, null!, default), "complete-job");
    }

    [Fact]
    public Task KeepWorkers_WithoutAnAnswer_IsStopped() =>
        StoppedAsync(app.Services.GetRequiredService<WorkerFunctions>().RunAsync(null!, null!, default), "keep-workers");

    [Fact]
    public async Task Request_WithoutAnAnswer_IsStoppedAndTold()
    {
        var context = new DefaultHttpContext { RequestServices = app.Services };
        using var body = new MemoryStream();
        (context.Request.Method, context.Request.Path, context.Request.QueryString) = ("GET", "/api/runs", new("?state=running"));
        context.Response.Body = body;
        var running = app.Services.GetRequiredService<HttpFunctions>().Api(context.Request, null!).ExecuteAsync(context);
        await PassAsync();

        await running.OrTellAsync("the request goes on, though its limit is over");

        context.Response.StatusCode.ShouldBe(StatusCodes.Status503ServiceUnavailable);
        context.Response.ContentType.ShouldBe("application/problem+json");
        System.Text.Encoding.UTF8.GetString(body.ToArray()).ShouldContain("was stopped after 5 minutes");
    }

    private async Task StoppedAsync(Task running, string what)
    {
        await PassAsync();
        (await Should.ThrowAsync<TimeoutException>(() => running.OrTellAsync($"'{what}' goes on, though its limit is over")))
            .Message.ShouldContain($"'{what}' was stopped");
    }

    private async Task PassAsync()
    {
        await silent.Asked.Task.OrTellAsync("nothing was asked of Durable Task");
        clock.Advance(InvocationLimits.Any);
    }

    // Durable Task, from which nothing comes.
    private sealed class SilentSource : IDurableClientSource
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async ValueTask<DurableTaskClient> GetAsync(CancellationToken cancellation = default)
        {
            Asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
            throw new NotSupportedException();
        }
    }
}

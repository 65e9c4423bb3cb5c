using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using R1Cloud.Orchestrator.Durable;
using R1Cloud.Orchestrator.Hosting;
using R1Cloud.Orchestrator.Tests.Durable;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Testing;

namespace R1Cloud.Orchestrator.Tests.Hosting;

/// <summary>Nothing of the app reaches the Functions host's own limit, at which it would restart the app.</summary>
public sealed class InvocationLimitsTests
{
    [Fact]
    public void Limits_AreWellBelowTheHosts()
    {
        using var settings = JsonDocument.Parse(
            File.ReadAllText(Repository.PathOf("host.json")), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
        var timeout =
            TimeSpan.Parse(settings.RootElement.GetProperty("functionTimeout").GetString()!,
                System.Globalization.CultureInfo.InvariantCulture);

        InvocationLimits.Any.ShouldBeLessThanOrEqualTo(timeout / 2);
        InvocationLimits.Stream.ShouldBeLessThan(InvocationLimits.Any);
        var options = OrchestratorServices.Options(new Microsoft.Extensions.Configuration.ConfigurationBuilder().Build());
        options.EventStreamLimit.ShouldBe(InvocationLimits.Stream);
        options.WorkerCheckLimit.ShouldBeLessThan(InvocationLimits.Any);
    }

    [Fact]
    public async Task Activity_ThatDoesNotEnd_IsStoppedAndFailsByItsName()
    {
        var clock = new FakeTimeProvider();
        var begun = new TaskCompletionSource();
        var registry = new OrchestrationRegistry()
            .AddActivity<string, string>("endless", async (_, input, stop) =>
            {
                begun.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, stop);
                return input;
            })
            .AddOrchestrator<string, string>("calls", async (context, input) =>
            {
                try
                {
                    return await context.CallActivityAsync<string>("endless", input);
                }
                catch (TaskFailedException e)
                {
                    return e.Details.Root.ErrorMessage;
                }
            });
        await using var host = await new DurableWorkerHostFactory()
            .StartAsync(registry, services => services.AddSingleton<TimeProvider>(clock));
        await host.Client.ScheduleNewAsync("calls", "x", "one");
        await begun.Task.OrTellAsync("the activity has not begun");

        clock.Advance(InvocationLimits.Any);
        var ended = host.Client.WaitForCompletionAsync("one", CancellationToken.None);
        await ended.OrTellAsync("the activity goes on, though its limit is over");
        (await ended).Output!.Value.GetString()!.ShouldContain("'endless' was stopped after 5 minutes");
    }

    [Fact]
    public async Task RunAsync_StoppedByTheHost_IsNoTimeout()
    {
        using var stop = new CancellationTokenSource();
        var running =
            InvocationLimits.RunAsync(new FakeTimeProvider(), "x", stop.Token, token => Task.Delay(Timeout.InfiniteTimeSpan, token));
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => running);
    }
}

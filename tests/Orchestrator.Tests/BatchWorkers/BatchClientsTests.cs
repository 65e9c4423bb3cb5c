using System.Diagnostics;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using R1Cloud.Orchestrator.BatchWorkers;

namespace R1Cloud.Orchestrator.Tests.BatchWorkers;

/// <summary>The options of the Batch client on Azure's own pipeline: what is tried again, and for how long.</summary>
public sealed class BatchClientsTests
{
    [Fact]
    public void Options_OfRetries_AreBoundedWellBelowAnInvocation()
    {
        var retry = BatchClients.Options().Retry;
        retry.Mode.ShouldBe(RetryMode.Exponential);
        var longest = Enumerable.Range(0, retry.MaxRetries)
            .Sum(n => Math.Min(retry.Delay.TotalSeconds * Math.Pow(2, n), retry.MaxDelay.TotalSeconds));
        longest.ShouldBeInRange(20, 60);
        retry.NetworkTimeout.ShouldBe(TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    [InlineData(500)]
    [InlineData(0)] // no answer at all
    public async Task Call_WhileBatchIsBusyOrAway_IsTriedAgainUntilItIsNot(int status)
    {
        var transport = new ScriptedTransport(status, status, status, 201);
        (await SendAsync(transport)).Status.ShouldBe(201);
        transport.Requests.ShouldBe(4);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Call_WhileBatchStaysBusy_IsGivenUpAfterSixTries(int status)
    {
        var transport = new ScriptedTransport(status);
        (await SendAsync(transport)).Status.ShouldBe(status);
        transport.Requests.ShouldBe(6);
    }

    [Theory]
    [InlineData(409)]
    [InlineData(403)]
    [InlineData(404)]
    public async Task Call_ThatIsRefused_IsNotTriedAgain(int status)
    {
        var transport = new ScriptedTransport(status, 201);
        (await SendAsync(transport)).Status.ShouldBe(status);
        transport.Requests.ShouldBe(1);
    }

    [Fact]
    public async Task Call_WithRetryAfter_IsNotRepeatedSooner()
    {
        var transport = new ScriptedTransport(429, 201) { RetryAfterMilliseconds = 300 };
        var start = Stopwatch.GetTimestamp();
        await SendAsync(transport);
        Stopwatch.GetElapsedTime(start).ShouldBeGreaterThan(TimeSpan.FromMilliseconds(290));
    }

    [Fact]
    public async Task Call_ThatNobodyAnswers_IsExplainedByItsLastError()
    {
        var transport = new ScriptedTransport(0);
        var error = await Should.ThrowAsync<WorkerPoolException>(() =>
            BatchCalls.ExplainAsync("Azure Batch refuses", () => SendAsync(transport)));
        error.Message.ShouldBe("Azure Batch refuses: no answer (Nobody answers.)");
        transport.Requests.ShouldBe(6);
    }

    // A request through a pipeline of the options, with waits that a test can bear.
    private static async Task<Response> SendAsync(ScriptedTransport transport)
    {
        var options = BatchClients.Options();
        options.Retry.Delay = options.Retry.MaxDelay = TimeSpan.FromMilliseconds(1);
        options.Transport = transport;
        var pipeline = HttpPipelineBuilder.Build(options);
        var request = pipeline.CreateRequest();
        request.Method = RequestMethod.Post;
        request.Uri.Reset(new("https://account.region.batch.azure.com/jobs"));
        return await pipeline.SendRequestAsync(request, CancellationToken.None);
    }

    // Answers with the given statuses in order, the last one for ever.
    private sealed class ScriptedTransport(params int[] statuses) : HttpPipelineTransport
    {
        private readonly HttpClientTransport requests = new();

        public int Requests { get; private set; }

        public int? RetryAfterMilliseconds { get; init; }

        public override Request CreateRequest() => requests.CreateRequest();

        public override void Process(HttpMessage message) => throw new NotSupportedException();

        public override ValueTask ProcessAsync(HttpMessage message)
        {
            var status = statuses[Math.Min(Requests++, statuses.Length - 1)];
            if (status == 0) throw new RequestFailedException(0, "Nobody answers.");
            message.Response = new Answer(status,
                headers: RetryAfterMilliseconds is { } wait ? new() { ["retry-after-ms"] = $"{wait}" } : null);
            return ValueTask.CompletedTask;
        }
    }
}

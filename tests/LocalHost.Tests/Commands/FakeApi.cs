using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;

namespace R1Cloud.LocalHost.Tests.Commands;

/// <summary>A service that speaks the run API and knows one run; for the commands that are clients.</summary>
internal sealed class FakeApi : IAsyncDisposable
{
    private readonly WebApplication app;

    private FakeApi(WebApplication app) => this.app = app;

    /// <summary>Its address.</summary>
    public string Url => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>What was asked, e.g. <c>POST /api/runs/x/retry?stage=y</c>.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>How requests signed in.</summary>
    public List<string?> Authorizations { get; } = [];

    /// <summary>The last events that readers of the event stream knew.</summary>
    public List<string?> LastEventIds { get; } = [];

    /// <summary>The recipes that were posted.</summary>
    public List<string> Bodies { get; } = [];

    /// <summary>The run.</summary>
    public RunView Run { get; set; } = SampleRuns.Run(RunStatus.Running, SampleRuns.Base, SampleRuns.Rl(42));

    /// <summary>An answer of the run's model.</summary>
    public Sample Sample { get; set; } = new("57+83=", "<answer>140</answer>", "140", Correct: true, Greedy: true);

    public static async Task<FakeApi> StartAsync(string? apiKey = null, string? challenge = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRouting();
        var app = builder.Build();
        var fake = new FakeApi(app);
        app.Use(async (context, next) =>
        {
            lock (fake.Requests)
            {
                fake.Requests.Add($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
                fake.Authorizations.Add(context.Request.Headers.Authorization);
            }
            if (apiKey is null || context.Request.Headers[ApiRoutes.ApiKeyHeader] == apiKey)
            {
                await next(context);
                return;
            }
            if (challenge is not null) context.Response.Headers.WWWAuthenticate = challenge;
            await Problem(401, "The header X-Api-Key is required.").ExecuteAsync(context);
        });
        app.MapGet(ApiRoutes.Runs,
            () => Json(new RunList([new RunSummary(fake.Run.Id, "quickstart", fake.Run.Status, SampleRuns.Start, "r1-zero")])));
        app.MapPost(ApiRoutes.Runs, async (HttpRequest request) =>
        {
            using var body = new StreamReader(request.Body);
            fake.Bodies.Add(await body.ReadToEndAsync());
            return Json(fake.Run);
        });
        app.MapGet(ApiRoutes.Run, (string id) => fake.Known(id, fake.Run));
        foreach (var route in (string[])[ApiRoutes.Pause, ApiRoutes.Resume, ApiRoutes.Cancel])
            app.MapPost(route, (string id) => fake.Known(id, fake.Run));
        app.MapPost(ApiRoutes.Retry, (string id) => Problem(409, $"Run '{id}' is running and cannot be retried."));
        app.MapGet(ApiRoutes.Metrics, (string id) => fake.Known(id, new RunMetrics(id, [SampleRuns.Step(1), SampleRuns.Step(2)])));
        app.MapGet(ApiRoutes.Events, (HttpRequest request) =>
        {
            // The host ends the first stream, as one on Azure does after four minutes; the second tells the end.
            fake.LastEventIds.Add(request.Headers[ApiRoutes.LastEventIdHeader]);
            var (name, data) = fake.LastEventIds.Count == 1
                ? (RunEventNames.Metrics, (object)SampleRuns.Step(3)) : (RunEventNames.End, new RunEnd(RunStatus.Completed, null));
            return Results.Text($"id: r1-zero=3\nevent: {name}\ndata: {JsonSerializer.Serialize(data, R1Json.Options)}\n\n",
                "text/event-stream");
        });
        app.MapGet(ApiRoutes.Samples, (string id) => fake.Known(id, new RunSamples(id,
            [new SampleSet("r1-zero", "evaluate", 65, [fake.Sample])])));
        app.MapGet(ApiRoutes.Report,
            (string id) => id == "damaged" ? Results.Text("{ \"stages\": [", "application/json") : fake.Known(id, SampleRuns.Report));
        await app.StartAsync();
        return fake;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private IResult Known<T>(string id, T value) => id == Run.Id ? Json(value) : Problem(404, $"There is no run '{id}'.");

    private static IResult Json<T>(T value) => Results.Json(value, R1Json.Options);

    private static IResult Problem(int status, string detail) => Results.Problem(detail, statusCode: status);
}

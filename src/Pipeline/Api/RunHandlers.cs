using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Api;

/// <summary>The run API's handlers, the same for every host; a handler never throws, errors are Problem Details.</summary>
public sealed class RunHandlers
{
    private const int DefaultSamples = 20, MaxSamples = 1000;

    private const string Changes = "changes";

    private static readonly string[] EventForms = ["whole", Changes];

    private readonly RunService service;
    private readonly RunData data;
    private readonly RunEvents events;
    private readonly RunBudgets budgets;
    private readonly PipelineOptions options;
    private readonly RequestGuard guard;

    internal RunHandlers(RunService service, RunData data, RunEvents events, RunBudgets budgets, PipelineOptions options,
        ILogger<RunHandlers> log) =>
        (this.service, this.data, this.events, this.budgets, this.options, guard) = (service, data, events, budgets, options, new(log));

    /// <summary>GET /api/health.</summary>
    public static IResult Health() =>
        Json(new HealthView("ok",
            typeof(RunHandlers).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? ""));

    /// <summary>
    /// POST /api/runs: 202 with the run and its Location; 409 when the id or key stands for another recipe; 422 for a recipe that cannot be
    /// run.
    /// </summary>
    public Task<IResult> CreateAsync(HttpRequest request) => GuardAsync(request, async () =>
    {
        var cancellation = request.HttpContext.RequestAborted;
        var recipe = await RecipeBody.ReadAsync(request, options, budgets, cancellation);
        var run = await service.CreateAsync(recipe, request.Text("id"), Key(request), MayReuse(request), cancellation);
        return Accepted(request, run);
    });

    /// <summary>POST /api/reuse: what a run of the recipe would take over; 422 for a recipe that cannot be run.</summary>
    public Task<IResult> ReuseAsync(HttpRequest request) => GuardAsync(request, async () =>
    {
        var cancellation = request.HttpContext.RequestAborted;
        var recipe = await RecipeBody.ReadAsync(request, options, budgets, cancellation);
        return Json(await service.PlanReuseAsync(recipe, MayReuse(request), cancellation));
    });

    /// <summary>GET /api/runs?state=&amp;q=&amp;limit=&amp;after=.</summary>
    public Task<IResult> ListAsync(HttpRequest request) => GuardAsync(request, async () =>
    {
        var limit = request.Number("limit", 1, RunQuery.MaxLimit) ?? RunQuery.DefaultLimit;
        var text = request.LimitedText("q", RunQuery.MaxText);
        return Json(
            await service.ListAsync(new(States(request), limit, request.Text("after"), text), request.HttpContext.RequestAborted));
    });

    /// <summary>GET /api/runs/{id}.</summary>
    public Task<IResult> GetAsync(HttpRequest request, string id) =>
        GuardAsync(request, async () => Json(await service.GetAsync(id, request.HttpContext.RequestAborted)));

    /// <summary>POST /api/runs/{id}/pause.</summary>
    public Task<IResult> PauseAsync(HttpRequest request, string id) =>
        GuardAsync(request, async () => Accepted(request, await service.PauseAsync(id, request.HttpContext.RequestAborted)));

    /// <summary>POST /api/runs/{id}/resume?budget=.</summary>
    public Task<IResult> ResumeAsync(HttpRequest request, string id) => GuardAsync(request, async () =>
        Accepted(request, await service.ResumeAsync(id, request.Real("budget"), request.HttpContext.RequestAborted)));

    /// <summary>POST /api/runs/{id}/cancel.</summary>
    public Task<IResult> CancelAsync(HttpRequest request, string id) =>
        GuardAsync(request, async () => Accepted(request, await service.CancelAsync(id, request.HttpContext.RequestAborted)));

    /// <summary>POST /api/runs/{id}/retry?stage=.</summary>
    public Task<IResult> RetryAsync(HttpRequest request, string id) => GuardAsync(request, async () =>
        Accepted(request, await service.RetryAsync(id, request.Text("stage"), request.HttpContext.RequestAborted)));

    /// <summary>GET /api/runs/{id}/metrics?stage=&amp;since=.</summary>
    public Task<IResult> MetricsAsync(HttpRequest request, string id) => GuardAsync(request, async () =>
        Json(await data.MetricsAsync(id, request.Text("stage"), request.Number("since", 0, int.MaxValue),
            request.HttpContext.RequestAborted)));

    /// <summary>GET /api/runs/{id}/samples?stage=&amp;limit=.</summary>
    public Task<IResult> SamplesAsync(HttpRequest request, string id) => GuardAsync(request, async () =>
        Json(await data.SamplesAsync(id, request.Text("stage"), request.Number("limit", 1, MaxSamples) ?? DefaultSamples,
            request.HttpContext.RequestAborted)));

    /// <summary>GET /api/runs/{id}/report?format=: json, html, md or svg; without it the Accept header decides.</summary>
    public Task<IResult> ReportAsync(HttpRequest request, string id) => GuardAsync(request, async () =>
    {
        var (file, type) = ReportFormat.Choose(request.Text("format"), request.Headers.Accept);
        var content = await data.ReportAsync(id, file, request.HttpContext.RequestAborted);
        request.HttpContext.Response.Headers.ContentSecurityPolicy = ResponseHeaders.StoredPolicy;
        return Results.Bytes(content.ToMemory(), type);
    });

    /// <summary>GET /api/runs/{id}/events: server-sent events; <c>Last-Event-ID</c> resumes.</summary>
    public Task<IResult> EventsAsync(HttpRequest request, string id) => GuardAsync(request, async () =>
    {
        var changes = request.Choice("form", EventForms) == Changes;
        await service.SpecAsync(id, request.HttpContext.RequestAborted);
        var reader = events.Open(id);
        var last = RequestValues.NotEmpty(request.Headers[ApiRoutes.LastEventIdHeader]);
        var stream = events.StreamAsync(reader, last, changes, request.HttpContext.RequestAborted);
        return new EventStreamResult(reader, stream, error => guard.LogFailed(error, request.Path));
    });

    private Task<IResult> GuardAsync(HttpRequest request, Func<Task<IResult>> handle) => guard.RunAsync(request, handle);

    private static IResult Json<T>(T value) => Results.Json(value, R1Json.Options);

    private static IResult Accepted(HttpRequest request, RunView run)
    {
        request.HttpContext.Response.Headers.Location = ApiRoutes.Run.Replace("{id}", run.Id, StringComparison.Ordinal);
        return Results.Json(run, R1Json.Options, statusCode: StatusCodes.Status202Accepted);
    }

    private static bool MayReuse(HttpRequest request) => request.Flag("reuse", whenLeftOut: true);

    private static IReadOnlyCollection<RunStatus> States(HttpRequest request) =>
        [.. (request.Text("state") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(text =>
            Enum.GetValues<RunStatus>().Cast<RunStatus?>().FirstOrDefault(state => Name(state!.Value) == text)
            ?? throw new InvalidRequestException("state", text,
                string.Join(", ", Enum.GetValues<RunStatus>().Select(Name)) + "; several with commas between"))];

    private static string Name(RunStatus state) => state.ToString().ToLowerInvariant();

    private static string? Key(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(ApiRoutes.IdempotencyKeyHeader, out var values)) return null;
        var key = values.ToString();
        return key.Length is > 0 and <= 255
            ? key : throw new InvalidRequestException(ApiRoutes.IdempotencyKeyHeader, key, "1 to 255 characters");
    }
}

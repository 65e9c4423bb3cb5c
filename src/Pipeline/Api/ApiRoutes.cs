namespace R1Cloud.Pipeline.Api;

/// <summary>Paths of the run API.</summary>
public static class ApiRoutes
{
    /// <summary>Everything of the API begins so.</summary>
    public const string Prefix = "/api";
    /// <summary>GET: whether the service is up (<see cref="HealthView"/>).</summary>
    public const string Health = "/api/health";
    /// <summary>
    /// POST a recipe to start a run (<see cref="Model.RunView"/>); GET lists runs, <c>?state=</c>, <c>?limit=</c> and <c>?after=</c> a page
    /// (<see cref="Model.RunList"/>).
    /// </summary>
    public const string Runs = "/api/runs";
    /// <summary>POST a recipe: what a run of it would take over (<see cref="Pipeline.Reuse.ReusePlan"/>).</summary>
    public const string Reuse = "/api/reuse";
    /// <summary>GET: the JSON Schema of recipes.</summary>
    public const string Schema = "/api/schema";
    /// <summary>POST a recipe: what it does, or what is wrong with it (<see cref="Model.RecipeCheckView"/>).</summary>
    public const string Check = "/api/check";
    /// <summary>POST a recipe: what a run of it would take (<see cref="Pipeline.Runs.RecipePlanView"/>).</summary>
    public const string Plan = "/api/plan";
    /// <summary>GET: a run's resolved recipe.</summary>
    public const string Recipe = "/api/runs/{id}/recipe";
    /// <summary>GET: how it differs from that of the run <c>?to=</c> (<see cref="Model.RecipeDifferences"/>).</summary>
    public const string RecipeDifferences = "/api/runs/{id}/recipe/differences";
    /// <summary>GET: a run (<see cref="Model.RunView"/>).</summary>
    public const string Run = "/api/runs/{id}";
    /// <summary>POST: hold a run.</summary>
    public const string Pause = "/api/runs/{id}/pause";
    /// <summary>POST: let a held run go on.</summary>
    public const string Resume = "/api/runs/{id}/resume";
    /// <summary>POST: end a run.</summary>
    public const string Cancel = "/api/runs/{id}/cancel";
    /// <summary>POST: continue a failed or cancelled run; with <c>?stage=</c> run that stage and those that depend on it again.</summary>
    public const string Retry = "/api/runs/{id}/retry";
    /// <summary>POST a <see cref="Model.ForkRequest"/>: a run whose earlier stages and iterations are this one's.</summary>
    public const string Fork = "/api/runs/{id}/fork";
    /// <summary>GET: the runs that share iterations with it (<see cref="Pipeline.Runs.RunRelativesView"/>).</summary>
    public const string Relatives = "/api/runs/{id}/relatives";
    /// <summary>GET: metrics, <c>?stage=</c> and <c>?since=</c> a step (<see cref="Model.RunMetrics"/>).</summary>
    public const string Metrics = "/api/runs/{id}/metrics";
    /// <summary>GET: the names of its figures (<see cref="Model.MetricNamesView"/>).</summary>
    public const string MetricNames = "/api/runs/{id}/metrics/names";
    /// <summary>GET: figures by name and range (<see cref="Model.MetricSeriesView"/>).</summary>
    public const string MetricSeries = "/api/runs/{id}/metrics/series";
    /// <summary>GET: jobs with their attempts (<see cref="Model.RunJobs"/>).</summary>
    public const string Jobs = "/api/runs/{id}/jobs";
    /// <summary>GET: workers with what they do and use (<see cref="Model.RunWorkers"/>).</summary>
    public const string Workers = "/api/runs/{id}/workers";
    /// <summary>GET: a worker's output, <c>?tail=</c> or <c>?after=</c> (<see cref="Workers.WorkerLogPart"/>).</summary>
    public const string WorkerLog = "/api/runs/{id}/workers/{worker}/log";
    /// <summary>GET: server-sent events (<see cref="Model.RunEventNames"/>).</summary>
    public const string Events = "/api/runs/{id}/events";
    /// <summary>GET: example answers, <c>?stage=</c> and <c>?limit=</c> a set (<see cref="Model.RunSamples"/>).</summary>
    public const string Samples = "/api/runs/{id}/samples";
    /// <summary>GET: finished completions that are not committed, <c>?limit=</c> (<see cref="Model.LiveRows"/>).</summary>
    public const string LiveSamples = "/api/runs/{id}/samples/live";
    /// <summary>GET: where sample rows are (<see cref="Model.SampleSets"/>).</summary>
    public const string SampleSets = "/api/runs/{id}/samples/sets";
    /// <summary>GET: sample rows by iteration, filtered and in pages (<see cref="Model.SampleRows"/>).</summary>
    public const string SampleRows = "/api/runs/{id}/samples/rows";
    /// <summary>GET: the report (<see cref="Report.RunReport"/>); <c>?format=html|md|svg|json</c> or <c>Accept: text/html</c>.</summary>
    public const string Report = "/api/runs/{id}/report";
    /// <summary>GET: the OpenAPI document; the host serves it.</summary>
    public const string OpenApi = "/openapi/v1.json";

    /// <summary>Request header that makes a POST repeatable.</summary>
    public const string IdempotencyKeyHeader = "Idempotency-Key";
    /// <summary>Request header with the id of the last event of an earlier stream.</summary>
    public const string LastEventIdHeader = "Last-Event-ID";
    /// <summary>Request header with the API key.</summary>
    public const string ApiKeyHeader = "X-Api-Key";
    /// <summary>Request header with the key where Azure Functions checks it.</summary>
    public const string FunctionsKeyHeader = "x-functions-key";
}

/// <summary>What the health check says.</summary>
/// <param name="Status"><c>ok</c>.</param>
/// <param name="Version">The product's version.</param>
public sealed record HealthView(string Status, string Version);

using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared;

namespace R1Cloud.LocalHost.Client;

/// <summary>The run API over HTTP: everything that the command line knows of a run comes from here.</summary>
internal sealed class RunClient : IDisposable
{
    private readonly HttpClient http;
    private readonly bool hasKey;
    private readonly bool hasToken;

    /// <summary>A client of the service at an address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="apiKey">The key, if it asks for one.</param>
    /// <param name="token">An access token, if sign-in is before it.</param>
    /// <exception cref="BadInputException">Key or token would cross a network that others may listen to.</exception>
    public RunClient(Uri address, string? apiKey = null, string? token = null)
    {
        Address = address;
        (hasKey, hasToken) = (!string.IsNullOrEmpty(apiKey), !string.IsNullOrEmpty(token));
        if ((hasKey || hasToken) && address.Scheme != Uri.UriSchemeHttps && !address.IsLoopback)
        {
            throw new BadInputException(
                $"'{address}' is not encrypted, so that everybody on the way could read the key: https:// is needed beyond this machine.");
        }
        // A redirect could lead a request, and what it carries, to anybody; a proxy has no business between this machine and itself.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = !address.IsLoopback };
        http = new HttpClient(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        if (hasToken) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (!hasKey) return;
        http.DefaultRequestHeaders.Add(ApiRoutes.ApiKeyHeader, apiKey);
        http.DefaultRequestHeaders.Add(ApiRoutes.FunctionsKeyHeader, apiKey);
    }

    /// <summary>Where the service is.</summary>
    public Uri Address { get; }

    /// <summary>Starts a run, or finds the one that is there: the same id and recipe are the same run.</summary>
    public Task<RunView> StartAsync(string runId, string recipe, bool reuse, CancellationToken cancellation) =>
        SendAsync<RunView>(HttpMethod.Post, ApiRoutes.Runs + Query(("id", runId), ("reuse", reuse ? null : "false")), cancellation, recipe);

    /// <summary>What a run of the recipe would take over from other runs.</summary>
    public Task<ReusePlan> ReuseAsync(string recipe, bool reuse, CancellationToken cancellation) =>
        SendAsync<ReusePlan>(HttpMethod.Post, ApiRoutes.Reuse + Query(("reuse", reuse ? null : "false")), cancellation, recipe);

    /// <summary>A page of runs, newest first.</summary>
    /// <param name="states">States with commas between; null for all.</param>
    /// <param name="limit">How many; null leaves it to the service.</param>
    /// <param name="after">The <see cref="RunList.Next"/> of the page before.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public Task<RunList> ListAsync(string? states, int? limit, string? after, CancellationToken cancellation) => SendAsync<RunList>(
        HttpMethod.Get,
            ApiRoutes.Runs
            + Query(("state", states), ("limit", limit?.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("after", after)),
            cancellation);

    /// <summary>All runs of some states, newest first.</summary>
    public async Task<IReadOnlyList<RunSummary>> ListAllAsync(string states, CancellationToken cancellation)
    {
        var runs = new List<RunSummary>();
        for (string? after = null; ;)
        {
            var page = await ListAsync(states, RunQuery.MaxLimit, after, cancellation);
            runs.AddRange(page.Runs);
            if ((after = page.Next) is null) return runs;
        }
    }

    /// <summary>A run.</summary>
    public Task<RunView> GetAsync(string runId, CancellationToken cancellation) =>
        SendAsync<RunView>(HttpMethod.Get, Route(ApiRoutes.Run, runId), cancellation);

    /// <summary>A run, or null when there is none.</summary>
    public async Task<RunView?> FindAsync(string runId, CancellationToken cancellation)
    {
        try
        {
            return await GetAsync(runId, cancellation);
        }
        catch (RequestRefusedException e) when (e.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Pauses, resumes, cancels or retries a run.</summary>
    /// <param name="route">One of <see cref="ApiRoutes"/>.</param>
    /// <param name="runId">The run.</param>
    /// <param name="stage">The stage to retry from; null goes on where it failed.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>The run as it is now: a host that a cancelled run held up may be gone a moment later.</returns>
    public Task<RunView> SteerAsync(string route, string runId, string? stage, CancellationToken cancellation) =>
        SendAsync<RunView>(HttpMethod.Post, Route(route, runId) + Query(("stage", stage)), cancellation);

    /// <summary>Lets a held run go on.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="budget">What it may cost from now on in all; null leaves its budget as it is.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public Task<RunView> ResumeAsync(string runId, double? budget, CancellationToken cancellation) => SendAsync<RunView>(HttpMethod.Post,
        Route(ApiRoutes.Resume, runId) + Query(("budget", budget?.ToString("R", System.Globalization.CultureInfo.InvariantCulture))),
        cancellation);

    /// <summary>Forks a run.</summary>
    public Task<RunView> ForkAsync(string runId, ForkRequest fork, CancellationToken cancellation) =>
        SendAsync<RunView>(HttpMethod.Post, Route(ApiRoutes.Fork, runId), cancellation, JsonSerializer.Serialize(fork, R1Json.Options));

    /// <summary>Removes a run.</summary>
    public Task<RunRemovalView> RemoveAsync(string runId, CancellationToken cancellation) =>
        SendAsync<RunRemovalView>(HttpMethod.Delete, Route(ApiRoutes.Run, runId), cancellation);

    /// <summary>A run's metrics.</summary>
    public Task<RunMetrics> MetricsAsync(string runId, string? stage, int? since, CancellationToken cancellation) =>
        SendAsync<RunMetrics>(
            HttpMethod.Get,
            Route(ApiRoutes.Metrics, runId)
                + Query(("stage", stage), ("since", since?.ToString(System.Globalization.CultureInfo.InvariantCulture))),
            cancellation);

    /// <summary>Example answers.</summary>
    public Task<RunSamples> SamplesAsync(string runId, string? stage, CancellationToken cancellation) =>
        SendAsync<RunSamples>(HttpMethod.Get, Route(ApiRoutes.Samples, runId) + Query(("stage", stage)), cancellation);

    /// <summary>Where a run has sample rows.</summary>
    public Task<SampleSets> SampleSetsAsync(string runId, string? stage, CancellationToken cancellation) =>
        SendAsync<SampleSets>(HttpMethod.Get, Route(ApiRoutes.SampleSets, runId) + Query(("stage", stage)), cancellation);

    /// <summary>All rows of a set, page by page.</summary>
    public async IAsyncEnumerable<SampleRowView> SampleRowsAsync(
        string runId, SampleSetView set, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string? after = null;
        do
        {
            var query = Query(("stage", set.Stage), ("source", set.Source), ("benchmark", set.Benchmark), ("limit", "200"),
                ("after", after), ("iteration", set.Iteration.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            var page = await SendAsync<SampleRows>(HttpMethod.Get, Route(ApiRoutes.SampleRows, runId) + query, cancellation);
            foreach (var row in page.Rows) yield return row;
            after = page.Next;
        }
        while (after is not null);
    }

    /// <summary>The report.</summary>
    public Task<RunReport> ReportAsync(string runId, CancellationToken cancellation) =>
        SendAsync<RunReport>(HttpMethod.Get, Route(ApiRoutes.Report, runId) + "?format=json", cancellation);

    /// <summary>A run's server-sent events, by the names of <see cref="RunEventNames"/>, until the service ends the stream.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="lastEventId">The id of the last event that is known, of an earlier stream: this one goes on from there.</param>
    /// <param name="cancellation">Stops.</param>
    public async IAsyncEnumerable<SseItem<string>> EventsAsync(
        string runId, string? lastEventId, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var path = Route(ApiRoutes.Events, runId);
        using var response = await RequestAsync(HttpMethod.Get, path, "text/event-stream", null, cancellation, lastEventId);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellation)) yield return item;
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<T> SendAsync<T>(HttpMethod method, string path, CancellationToken cancellation, string? body = null)
    {
        using var response = await RequestAsync(method, path, "application/json", body, cancellation);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        return await JsonSerializer.DeserializeAsync<T>(stream, R1Json.Options, cancellation)
            ?? throw new RequestRefusedException(response.StatusCode, $"{method} {path} answered with an empty body.");
    }

    private async Task<HttpResponseMessage> RequestAsync(
        HttpMethod method, string path, string accept, string? body, CancellationToken cancellation, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (lastEventId is not null) request.Headers.TryAddWithoutValidation(ApiRoutes.LastEventIdHeader, lastEventId);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        if (method != HttpMethod.Get) request.Content = new StringContent(body ?? "", Encoding.UTF8, "application/json");
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (HttpRequestException e)
        {
            throw new EnvironmentException(
                $"No host answers at {Address} ({e.Message}). Start one with `r1 serve` or `r1 up`, or name one with --url.", e);
        }

        if (response.IsSuccessStatusCode) return response;
        using (response)
        {
            var problem = await ProblemAsync(response, cancellation);
            throw new RequestRefusedException(response.StatusCode, problem + SignInHint.For(response, hasKey, hasToken));
        }
    }

    // The text of a problem (RFC 9457): its detail, and the errors of single fields.
    private static async Task<string> ProblemAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var text = await response.Content.ReadAsStringAsync(cancellation);
        try
        {
            var problem = JsonSerializer.Deserialize<JsonElement>(text);
            var lines = new List<string>();
            if (problem.TryGetProperty("detail", out var detail) || problem.TryGetProperty("title", out detail))
                lines.Add(detail.ToString());
            if (problem.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array)
                lines.AddRange(errors.EnumerateArray().Select(error => "  " + error));
            if (lines.Count > 0) return string.Join(Environment.NewLine, lines);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not a problem document: something else than the run API answered.
        }
        var hint = (int)response.StatusCode is >= 300 and < 400
            ? " Redirects are not followed: name the service's own address, or sign in (R1_TOKEN)."
            : "";
        return $"{response.RequestMessage?.RequestUri} answered {(int)response.StatusCode} {response.ReasonPhrase}.{hint}";
    }

    private static string Route(string template, string runId) =>
        template.Replace("{id}", Uri.EscapeDataString(runId), StringComparison.Ordinal);

    private static string Query(params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var query = "";
        foreach (var (name, value) in parameters)
        {
            if (value is not null) query += $"{(query.Length == 0 ? '?' : '&')}{name}={Uri.EscapeDataString(value)}";
        }
        return query;
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace R1Cloud.Inference.Wire;

/// <summary>Calls to one engine's server.</summary>
public sealed class EngineHttp : IDisposable
{
    private const int LongestError = 600;
    private readonly HttpClient client;

    /// <summary>Makes one.</summary>
    /// <param name="address">Where the server listens, as <c>http://127.0.0.1:8000</c>.</param>
    /// <param name="key">The key that it asks for; null for none.</param>
    public EngineHttp(Uri address, string? key)
    {
        Address = address;
        client = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseCookies = false,
            UseProxy = !address.IsLoopback, // a proxy in the environment is for other machines
            ConnectTimeout = TimeSpan.FromSeconds(10), MaxConnectionsPerServer = int.MaxValue,
        }) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        if (key is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Where the server listens.</summary>
    public Uri Address { get; }

    /// <summary>Asks without a body and takes the answer as text.</summary>
    /// <returns>Status and text; of any status.</returns>
    /// <exception cref="EngineException">There is no answer in time.</exception>
    public async Task<(HttpStatusCode Status, string Text)> GetAsync(string path, TimeSpan limit, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await SendAsync(request, limit, cancellation);
    }

    /// <summary>Asks without a body for JSON.</summary>
    /// <param name="path">The route.</param>
    /// <param name="engine">The engine that should answer.</param>
    /// <param name="limit">The longest wait.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="EngineException">There is no answer in time, or it is not such an engine's.</exception>
    public async Task<JsonElement> GetJsonAsync(string path, string engine, TimeSpan limit, CancellationToken cancellation)
    {
        var (status, text) = await GetAsync(path, limit, cancellation);
        if (status != HttpStatusCode.OK) throw Refusal(path, status, text);
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException e)
        {
            throw new EngineException(EngineProblem.Refused, $"{Address.Authority}{path} is no {engine}: its answer is no JSON.", e);
        }
    }

    /// <summary>A figure of the server's metrics, summed over its replicas.</summary>
    /// <exception cref="EngineException">There is no answer in time, or another one than success.</exception>
    public async Task<double> GetMetricAsync(string name, TimeSpan limit, CancellationToken cancellation)
    {
        const string Metrics = "/metrics";
        var (status, text) = await GetAsync(Metrics, limit, cancellation);
        return status == HttpStatusCode.OK ? Prometheus.Sum(text, name) : throw Refusal(Metrics, status, text);
    }

    /// <summary>Asks by POST for JSON.</summary>
    /// <param name="path">The route.</param>
    /// <param name="body">The body; null for none.</param>
    /// <param name="limit">The longest wait; null for none.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The answer of success; undefined where it is empty or no JSON.</returns>
    /// <exception cref="EngineException">There is no answer in time, or another one than success.</exception>
    public async Task<JsonElement> PostAsync(string path, JsonObject? body, TimeSpan? limit, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        if (body is not null) request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        var (status, text) = await SendAsync(request, limit ?? Timeout.InfiniteTimeSpan, cancellation);
        if (status != HttpStatusCode.OK) throw Refusal(path, status, text);
        try
        {
            return text.Length == 0 ? default : JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return default; // some calls answer in words
        }
    }

    /// <summary>The error of an answer that is none of success.</summary>
    public EngineException Refusal(string path, HttpStatusCode status, string text) =>
        new((int)status >= 500 ? EngineProblem.Away : EngineProblem.Refused,
            $"{Address.Authority}{path} answered {(int)status}: {(text.Length > LongestError ? text[..LongestError] + "…" : text)}");

    private async Task<(HttpStatusCode Status, string Text)> SendAsync(HttpRequestMessage request, TimeSpan limit,
        CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(limit);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timer.Token);
        try
        {
            using var answer = await client.SendAsync(request, both.Token);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(both.Token));
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new EngineException(EngineProblem.Away,
                $"{Address.Authority}{request.RequestUri} gave no answer within {limit.TotalSeconds:0.#} s.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new EngineException(EngineProblem.Away, $"{Address.Authority} cannot be reached: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();
}

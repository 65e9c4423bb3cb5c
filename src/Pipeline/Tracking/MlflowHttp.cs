using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Outbound;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Tracking;

/// <summary>Requests to an MLflow server, and its errors.</summary>
internal sealed class MlflowHttp(OutboundHttp outbound, Secrets secrets)
{
    private const string Prefix = "api/2.0/mlflow/";
    private const int LongestError = 300;

    /// <summary>Asks.</summary>
    /// <param name="service">The server.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="expected">An error code that is an answer; null for none.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>The answer; null for the error that was expected.</returns>
    public Task<JsonElement?> GetAsync(TrackingService service, string path, string? expected, CancellationToken cancellation) =>
        SendAsync(service, HttpMethod.Get, path, null, expected, cancellation);

    /// <summary>Sends an object.</summary>
    /// <param name="service">The server.</param>
    /// <param name="path">The path.</param>
    /// <param name="write">Writes its fields.</param>
    /// <param name="expected">An error code that is an answer; null for none.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>The answer; null for the error that was expected.</returns>
    public Task<JsonElement?> PostAsync(TrackingService service, string path, Action<Utf8JsonWriter> write, string? expected,
        CancellationToken cancellation) => SendAsync(service, HttpMethod.Post, path, Body(write), expected, cancellation);

    private static byte[] Body(Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
        json.Flush();
        return body.WrittenSpan.ToArray();
    }

    private async Task<JsonElement?> SendAsync(TrackingService service, HttpMethod method, string path, byte[]? body, string? expected,
        CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, $"{service.Url!.TrimEnd('/')}/{Prefix}{path}");
        if (body is not null)
        {
            // Bytes have a length: a chunked body is read as empty there.
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new("application/json");
        }
        try
        {
            Authorize(request, service);
            using var response = await outbound.SendAsync(request, service.Private, cancellation);
            var text = await response.Content.ReadAsStringAsync(cancellation);
            if (response.IsSuccessStatusCode) return Parse(text) ?? throw Refused(path, (int)response.StatusCode, text);
            return expected is not null && Parse(text) is { } error && Field(error, "error_code") == expected
                ? null : throw Refused(path, (int)response.StatusCode, text);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new TrackerException($"MLflow is away: {e.Message}", e);
        }
        catch (TaskCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new TrackerException("MLflow did not answer in time.", e);
        }
        catch (BadInputException e)
        {
            throw new TrackerException(e.Message, e);
        }
    }

    private void Authorize(HttpRequestMessage request, TrackingService service)
    {
        if (secrets.Of(service.TokenVariable) is { } token) request.Headers.Authorization = new("Bearer", token);
        else if (service.User is { } user)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic",
                Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{secrets.Of(service.PasswordVariable)}")));
    }

    // Errors come as JSON of two forms, as text, or as a page.
    private static TrackerException Refused(string path, int status, string text)
    {
        var what = path.Split('?')[0];
        if (status is >= 300 and < 400) return new($"MLflow answered {status} to {what}: redirects are not followed.");
        var said = Parse(text) is { ValueKind: JsonValueKind.Object } json
            ? Field(json, "message") ?? (json.TryGetProperty("error", out var error) ? Field(error, "message") : null) : null;
        said ??= text.TrimStart().StartsWith('<') ? "" : text.Split('\n')[0].Trim();
        if (said.Length > LongestError) said = said[..LongestError];
        return new($"MLflow answered {status} to {what}{(said.Length > 0 ? ": " : "")}{said}");
    }

    private static string? Field(JsonElement json, string name) => json.ValueKind == JsonValueKind.Object
        && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonElement? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

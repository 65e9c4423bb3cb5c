using System.Text;
using System.Text.Json;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Outbound;
using R1Cloud.Shared;

namespace R1Cloud.Pipeline.Alerts;

/// <summary>Posts alerts.</summary>
internal sealed class AlertSender(OutboundHttp http, Secrets secrets)
{
    /// <summary>Posts one.</summary>
    /// <returns>Why it was not taken; null where it was. It names neither address nor token.</returns>
    public async Task<string?> TrySendAsync(NotifyService service, Alert alert, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, service.Url);
            request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(alert, R1Json.Options));
            request.Content.Headers.ContentType = new("application/json") { CharSet = Encoding.UTF8.WebName };
            request.Headers.Add("Idempotency-Key", alert.Id);
            if (secrets.Of(service.TokenVariable) is { } token) request.Headers.Authorization = new("Bearer", token);
            using var response = await http.SendAsync(request, service.Private, cancellation);
            var status = (int)response.StatusCode;
            return status switch
            {
                >= 200 and < 300 => null,
                >= 300 and < 400 => $"it answered {status}: redirects are not followed",
                _ => $"it answered {status}",
            };
        }
        catch (Exception e) when (e is HttpRequestException or BadInputException
            || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return e is TaskCanceledException ? "it did not answer in time" : e.Message.Replace(service.Url, "…", StringComparison.Ordinal);
        }
    }
}

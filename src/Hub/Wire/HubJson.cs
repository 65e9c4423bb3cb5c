using System.Text.Json;

namespace R1Cloud.Hub.Wire;

/// <summary>An answer in JSON.</summary>
/// <param name="Json">What it says.</param>
/// <param name="Link">Its header <c>Link</c>; null for none.</param>
internal sealed record HubJson(JsonDocument Json, string? Link) : IDisposable
{
    private const int MostBytes = 64 << 20;

    /// <summary>Asks for one; a body that breaks off is asked for again.</summary>
    /// <exception cref="HubException">There is none.</exception>
    public static async Task<HubJson> AskAsync(HubHttp http, HubRequest request, CancellationToken cancellation)
    {
        for (var tried = 1; ; tried++)
        {
            using var answer = await http.SendAsync(request, cancellation);
            try
            {
                return new(JsonDocument.Parse(await BytesAsync(answer, http.Settings.AskTimeout, cancellation)), HubErrors.Header(answer,
                    "Link"));
            }
            catch (JsonException e)
            {
                throw new HubException(HubProblem.Refused,
                    $"{request.What}: {http.Settings.Endpoint} answers with something other than JSON: it is no Hub.", e);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException
                && !cancellation.IsCancellationRequested)
            {
                if (tried >= http.Patience.Tries || !request.IsRepeatable)
                    throw new HubException(HubProblem.Away, $"{request.What}: the Hub's answer broke off: {e.Message}", e);
                await http.Patience.AfterAsync(tried, cancellation);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Json.Dispose();

    private static async Task<ReadOnlyMemory<byte>> BytesAsync(HttpResponseMessage answer, TimeSpan silence, CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timer.Token);
        using var bytes = new MemoryStream();
        await using var body = await answer.Content.ReadAsStreamAsync(both.Token);
        var buffer = new byte[1 << 16];
        while (true)
        {
            timer.CancelAfter(silence);
            var read = await body.ReadAsync(buffer, both.Token);
            if (read == 0) return bytes.ToArray();
            await bytes.WriteAsync(buffer.AsMemory(0, read), both.Token);
            if (bytes.Length > MostBytes) throw new JsonException("too long");
        }
    }
}

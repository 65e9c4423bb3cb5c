using System.Net;
using System.Net.Http.Headers;
using System.Reflection;

namespace R1Cloud.Hub.Wire;

/// <summary>A request to the Hub.</summary>
/// <param name="Method">The method.</param>
/// <param name="Url">The address.</param>
/// <param name="What">What errors call it.</param>
internal sealed record HubRequest(HttpMethod Method, string Url, string What)
{
    /// <summary>Makes the body, once for each try, and tells of every piece that is sent; null for none.</summary>
    public Func<Action, HttpContent>? Body { get; init; }

    /// <summary>Further headers, as a signed link wants them.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The media type that is expected.</summary>
    public string? Accept { get; init; }

    /// <summary>The first byte that is wanted.</summary>
    public long From { get; init; }

    /// <summary>The strong tag that the bytes before it came with: others are sent whole.</summary>
    public EntityTagHeaderValue? IfRange { get; init; }

    /// <summary>Whether an answer that did not come is asked for again: not where the Hub may have acted.</summary>
    public bool IsRepeatable { get; init; } = true;

    /// <summary>The longest wait for the answer's head; null for the settings'.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>
/// Asks the Hub. Redirects are followed here: the token goes to the Hub's own origin and nowhere else, which HttpClient would neither keep
/// on the one nor take from the other. What passes by itself (limits, statuses of overload, broken lines) is asked again.
/// </summary>
public sealed class HubHttp : IDisposable
{
    private const int MostRedirects = 10;
    private static readonly string Agent = $"r1-cloud/{typeof(HubHttp).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?
        .InformationalVersion.Split('+')[0] ?? "0"}";

    private readonly HttpClient client;
    private readonly RateGate gate = new();
    private readonly string hub;

    /// <summary>Makes one.</summary>
    /// <param name="settings">Where the Hub is.</param>
    /// <param name="patience">How often it is asked again.</param>
    public HubHttp(HubSettings settings, Patience patience)
    {
        ArgumentNullException.ThrowIfNull(settings);
        (Settings, Patience) = (settings, patience);
        var endpoint = new Uri(settings.Endpoint);
        hub = OriginOf(endpoint);
        client = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None,
            UseProxy = !endpoint.IsLoopback, // a proxy in the environment is for other machines
            ConnectTimeout = TimeSpan.FromSeconds(30), PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        }) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
    }

    /// <summary>Where the Hub is.</summary>
    public HubSettings Settings { get; }

    /// <summary>How often it is asked again.</summary>
    public Patience Patience { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        client.Dispose();
        gate.Dispose();
    }

    /// <summary>Asks; the answer is one of success.</summary>
    /// <exception cref="HubException">There is none.</exception>
    internal async Task<HttpResponseMessage> SendAsync(HubRequest request, CancellationToken cancellation)
    {
        if (Settings.IsOffline)
            throw new HubException(HubProblem.Offline, $"{request.What}: HF_HUB_OFFLINE is set, and it is not in the cache.");
        var (failures, limits) = (0, 0);
        IDisposable? turn = null;
        try
        {
            while (true)
            {
                if (turn is null) await gate.PassAsync(cancellation);
                HttpResponseMessage answer;
                bool isHub;
                try
                {
                    (answer, isHub) = await FollowAsync(request, cancellation);
                }
                catch (HubException e) when (e.IsPassing && request.IsRepeatable && ++failures < Patience.Tries)
                {
                    await Patience.AfterAsync(failures, cancellation);
                    continue;
                }
                if (answer.IsSuccessStatusCode) return answer;
                using (answer)
                {
                    if (answer.StatusCode == HttpStatusCode.TooManyRequests && ++limits <= Patience.Limits)
                    {
                        var received = Patience.Clock.GetTimestamp();
                        var wait = RateLimits.Wait(answer) ?? Patience.Longest;
                        turn ??= await gate.CloseAsync(cancellation);
                        var left = wait - Patience.Clock.GetElapsedTime(received); // another's turn may have taken that long
                        if (left > TimeSpan.Zero || limits > 1) await Patience.LimitAsync(left > TimeSpan.Zero ? left : wait, cancellation);
                        continue;
                    }
                    var error = isHub ? HubErrors.Of(answer, request.What, Settings, sentToken: Settings.Token is not null)
                        : HubErrors.OfStorage(answer, request.What);
                    if (error.Problem != HubProblem.Away || !request.IsRepeatable || ++failures >= Patience.Tries) throw error;
                    await Patience.AfterAsync(failures, cancellation);
                }
            }
        }
        finally
        {
            turn?.Dispose();
        }
    }

    /// <summary>Whether an address is one of the Hub's own.</summary>
    internal bool IsHub(Uri address) => OriginOf(address) == hub;

    private async Task<(HttpResponseMessage Answer, bool IsHub)> FollowAsync(HubRequest request, CancellationToken cancellation)
    {
        var address = AddressOf(request.Url);
        for (var hops = 0; hops <= MostRedirects; hops++)
        {
            var isHub = IsHub(address);
            var answer = await OnceAsync(request, address, isHub, cancellation);
            if (answer.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
                || HubErrors.Header(answer, "Location") is not { } location) return (answer, isHub);
            var next = Target(address, location);
            answer.Dispose();
            if (address.Scheme == Uri.UriSchemeHttps && next.Scheme != Uri.UriSchemeHttps)
                throw new HubException(HubProblem.Refused,
                    $"{request.What}: the Hub leads from https to {next.Scheme}, which is not followed.");
            address = next;
        }
        throw new HubException(HubProblem.Refused, $"{request.What}: more than {MostRedirects} redirects.");
    }

    private async Task<HttpResponseMessage> OnceAsync(HubRequest request, Uri address, bool isHub, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(request.Method, address);
        message.Headers.TryAddWithoutValidation("User-Agent", Agent);
        message.Headers.TryAddWithoutValidation("Accept-Encoding", "identity"); // else a text's size is not known and no part of it is sent
        if (request.Accept is { } accept) message.Headers.TryAddWithoutValidation("Accept", accept);
        if (request.From > 0)
        {
            message.Headers.Range = new(request.From, null);
            if (request.IfRange is { IsWeak: false } tag) message.Headers.IfRange = new(tag);
        }
        if (isHub && Settings.Token is { } token) message.Headers.Authorization = new("Bearer", token);
        var limit = request.Timeout ?? Settings.AskTimeout;
        using var timer = new CancellationTokenSource(limit);
        message.Content = request.Body?.Invoke(() => timer.CancelAfter(limit)); // of each piece: an upload of hours is fine, silence is not
        foreach (var (name, value) in request.Headers)
            if (!message.Headers.TryAddWithoutValidation(name, value)) message.Content?.Headers.TryAddWithoutValidation(name, value);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timer.Token);
        try
        {
            return await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, both.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new HubException(HubProblem.Away,
                $"{request.What}: no answer from {address.Authority} within {limit.TotalSeconds:0.#} s.", e);
        }
        catch (HttpRequestException e)
        {
            throw new HubException(HubProblem.Away, $"{request.What}: {address.Authority} cannot be asked: {e.Message}", e);
        }
    }

    // Signed addresses are for those who leave them as they are: no escape is undone, no part tidied.
    private static Uri AddressOf(string url) => Uri.TryCreate(url,
        new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }, out var address)
        && address.Scheme is "http" or "https" ? address : throw new HubException(HubProblem.Refused,
            $"The Hub names no address: '{url}'.");

    private static Uri Target(Uri from, string location) => location.StartsWith('/') && !location.StartsWith("//", StringComparison.Ordinal)
        ? AddressOf(OriginOf(from) + location)
        : Uri.IsWellFormedUriString(location, UriKind.Absolute) || location.Contains("://", StringComparison.Ordinal)
            ? AddressOf(location) : new Uri(from, location);

    private static string OriginOf(Uri address) => $"{address.Scheme}://{address.Authority}";
}

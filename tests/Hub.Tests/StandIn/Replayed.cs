using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using R1Cloud.HubStandIn;

namespace R1Cloud.Hub.Tests.StandIn;

/// <summary>An exchange as it was recorded, and how it is sent to a stand-in of today.</summary>
internal sealed partial record Replayed(JsonNode Recorded)
{
    // Of every answer, whatever it says; dates, and how bytes are framed, are the server's.
    private static readonly string[] Unlike = ["Date", "Server", "Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length"];

    public string Side => Text("host");

    public string Path => Text("path");

    public string Method => Text("method");

    public string? Fault => Recorded["fault"]?["do"]?.GetValue<string>();

    public static IReadOnlyList<Replayed> Read(string file) =>
        [.. File.ReadLines(file).Select(line => new Replayed(JsonNode.Parse(line)!))];

    /// <summary>The body was recorded as far as its first 500 characters.</summary>
    public bool IsWhole => !Text("request_body").StartsWith('<')
        && (Headers("request_headers").GetValueOrDefault("content-length") is not { } length
            || int.Parse(length, System.Globalization.CultureInfo.InvariantCulture) == Encoding.UTF8.GetByteCount(Text("request_body")));

    /// <summary>What the stand-in must have been told to do this.</summary>
    public StandInFault? Planned => Fault is not { } kind ? null : new(Regex.Escape(Path.Split('?')[0]), kind)
    {
        After = Recorded["fault"]!["after"]!.GetValue<int>(), Status = Recorded["status"]!.GetValue<int>(),
        Headers = Headers("response_headers").Where(header => header.Key is "RateLimit" or "RateLimit-Policy" or "Retry-After")
            .ToDictionary(header => header.Key, header => header.Value),
    };

    /// <summary>The answer, in the recordings' form.</summary>
    public async Task<Answered> SendAsync(HttpClient client, string hub, string cdn)
    {
        var path = Path.Contains("Expires=TIME", StringComparison.Ordinal) ? Signed() : Path;
        using var request = new HttpRequestMessage(new(Method), new Uri((Side == "CDN" ? cdn : hub) + path,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (Text("request_body") is { Length: > 0 } body) request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        foreach (var (name, value) in Headers("request_headers").Where(header =>
            header.Key is not ("content-length" or "transfer-encoding")))
            if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content?.Headers.TryAddWithoutValidation(name, value);
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var bytes = await BytesAsync(answer);
        return new((int)answer.StatusCode, answer.Headers.Concat(answer.Content.Headers).Where(header => !Unlike.Contains(header.Key))
            .ToDictionary(header => header.Key, header => Anonymous(string.Join(", ", header.Value), hub, cdn),
                StringComparer.OrdinalIgnoreCase),
            bytes, Anonymous(Encoding.Latin1.GetString(bytes), hub, cdn));
    }

    /// <summary>What the recording says of the answer.</summary>
    public void ShouldBe(Answered answer)
    {
        answer.Status.ShouldBe(Recorded["status"]!.GetValue<int>(), ToString());
        var headers = Headers("response_headers").Where(header => !Unlike.Contains(header.Key)).ToDictionary();
        answer.Headers.OrderBy(header => header.Key).Select(header => $"{header.Key.ToLowerInvariant()}: {header.Value}")
            .ShouldBe(headers.OrderBy(header => header.Key).Select(header => $"{header.Key.ToLowerInvariant()}: {header.Value}"),
                ignoreOrder: true, ToString());
        var body = Text("response_body");
        if (headers.GetValueOrDefault("Content-Type")?.Contains("json", StringComparison.Ordinal) == true && body.Length is > 0 and < 500)
            JsonNode.DeepEquals(JsonNode.Parse(answer.Text), JsonNode.Parse(body)).ShouldBeTrue($"{ToString()}: {answer.Text}");
        else if (body.Length > 0 && !body.StartsWith('<') && body.Length < 500) answer.Text.ShouldBe(body, ToString());
    }

    public override string ToString() => $"{Side} {Method} {Path}";

    // The one answer of 403 without a fault was asked for with a wrong signature.
    private string Signed()
    {
        var expires = (DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 600).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var signature = StandInHub.Sign(Path.Split('/', '?')[2], expires);
        var isWrong = Fault is null && Recorded["status"]!.GetValue<int>() == 403;
        return Path.Replace("Expires=TIME&Signature=SIG", $"Expires={expires}&Signature={(isWrong ? "0" : "")}{signature}",
            StringComparison.Ordinal);
    }

    private static async Task<byte[]> BytesAsync(HttpResponseMessage answer)
    {
        using var bytes = new MemoryStream();
        try
        {
            await answer.Content.CopyToAsync(bytes, TestContext.Current.CancellationToken);
        }
        catch (HttpRequestException)
        {
            // cut off, as planned
        }
        return bytes.ToArray();
    }

    private static string Anonymous(string text, string hub, string cdn) => Signature().Replace(
        text.Replace(hub, "http://HUB", StringComparison.Ordinal).Replace(cdn, "http://CDN", StringComparison.Ordinal), "$1TIME$2SIG");

    private string Text(string name) => Recorded[name]!.GetValue<string>();

    private Dictionary<string, string> Headers(string name) =>
        Recorded[name]!.AsObject().ToDictionary(header => header.Key, header => header.Value!.GetValue<string>());

    [GeneratedRegex(@"(Expires=)\d+(&Signature=)\w+")]
    private static partial Regex Signature();
}

/// <summary>An answer of a stand-in.</summary>
internal sealed record Answered(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Bytes, string Text);

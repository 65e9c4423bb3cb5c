using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace R1Cloud.HubStandIn;

/// <summary>One request and its answer: every answer leaves by <see cref="SendAsync"/>, which obeys the planned fault.</summary>
internal sealed partial class StandInAnswer(StandInHub hub, string side, HttpContext context)
{
    private static readonly System.Text.Json.JsonSerializerOptions Plain =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly (int, string?, string) Anonymous = (401, null, "Invalid username or password.");

    private readonly string target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
    private byte[] body = [];
    private StandInFault? fault;
    private string? user;
    private bool mayWrite, isMember;
    private bool isSent;

    private string Route => target.Split('?')[0];

    private string Method => context.Request.Method;

    public async Task RunAsync()
    {
        using (var buffer = new MemoryStream())
        {
            await context.Request.Body.CopyToAsync(buffer);
            body = buffer.ToArray();
        }
        fault = hub.TakeFault(side, Method, target);
        var authorization = context.Request.Headers.Authorization.ToString();
        var token = authorization.StartsWith("Bearer ", StringComparison.Ordinal) ? authorization["Bearer ".Length..] : authorization;
        if (StandInHub.Tokens.TryGetValue(token, out var known)) (user, mayWrite, isMember) = known;
        Func<Task> answer;
        try
        {
            if (fault?.Do == "status") throw new RefusedException(fault.Status, null, "a planned fault", fault.Headers);
            lock (hub.Gate) answer = side == "CDN" ? Cdn() : Hub(token);
        }
        catch (RefusedException refused)
        {
            answer = Fail(refused.Status, refused.Code, refused.Message, refused.Headers);
        }
        await answer();
    }

    private string Query(string name) => QueryHelpers.ParseQuery(target.Contains('?') ? target[target.IndexOf('?')..] : "")
        .TryGetValue(name, out var value) ? value[^1] ?? "" : "";

    private bool HasQuery(string name) =>
        QueryHelpers.ParseQuery(target.Contains('?') ? target[target.IndexOf('?')..] : "").ContainsKey(name);

    // ---- the storage behind the Hub: signed links, no tokens
    private Func<Task> Cdn()
    {
        var parts = Route.Trim('/').Split('/');
        var (verb, sha256, expires) = (parts[0], parts[1], Query("Expires"));
        if (context.Request.Headers.ContainsKey("Authorization")) return No(400, "OnlyOneAuthMechanismAllowed");
        if (Query("Signature") != StandInHub.Sign(sha256, expires.Length > 0 ? expires : "0")
            || long.Parse(expires, CultureInfo.InvariantCulture) < DateTimeOffset.UtcNow.ToUnixTimeSeconds()) return No(403,
                "AccessDenied");
        if (verb == "part")
        {
            hub.Parts[(sha256, Number(Query("number")))] = body;
            return Send(200, headers: new() { ["ETag"] = $"\"{Md5(body)}\"" });
        }
        if (verb != "upload")
        {
            var blob = hub.Objects[sha256];
            return Content(blob, Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes("cdn" + sha256))), []);
        }
        if (Convert.ToHexStringLower(SHA256.HashData(body)) != sha256) return No(400, "BadDigest");
        hub.Objects[sha256] = new("x.bin", body);
        return Send(200, headers: new() { ["ETag"] = $"\"{Md5(body)}\"" });

        Func<Task> No(int status, string code) => Send(status, Encoding.ASCII.GetBytes($"<Error><Code>{code}</Code></Error>"),
            new() { ["Content-Type"] = "application/xml" });
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5351", Justification = "storage tags contents so")]
    private static string Md5(byte[] content) => Convert.ToHexStringLower(MD5.HashData(content));

    // A file's bytes: whole (200), a range (206), or no such range (416).
    private Func<Task> Content(StandInBlob blob, string etag, Dictionary<string, string> headers)
    {
        headers = new(headers) { ["ETag"] = $"\"{etag}\"", ["Accept-Ranges"] = "bytes", ["Content-Type"] = "application/octet-stream" };
        var range = context.Request.Headers.Range.ToString();
        var asked = AskedRange().Match(range);
        if (!asked.Success || fault?.Do == "ignore-range") return Send(200, headers: headers, blob: blob, length: blob.Size);
        var (from, to) = (asked.Groups[1].Value, asked.Groups[2].Value);
        var first = from.Length > 0 ? Number(from) : Math.Max(0, blob.Size - (to.Length > 0 ? Number(to) : 0));
        var last = from.Length > 0 && to.Length > 0 ? Math.Min(Number(to), blob.Size - 1) : blob.Size - 1;
        if (first > last) return Send(416, headers: new() { ["Content-Range"] = $"bytes */{blob.Size}" });
        headers["Content-Range"] = $"bytes {first}-{last}/{blob.Size}";
        return Send(206, headers: headers, blob: blob, start: first, length: last - first + 1);
    }

    private Func<Task> Send(int status, byte[]? text = null, Dictionary<string, string>? headers = null, StandInBlob? blob = null,
        int start = 0, int length = 0, bool chunked = false) =>
        () => SendAsync(status, text ?? [], headers ?? [], blob, start, length, chunked);

    private async Task SendAsync(int status, byte[] text, Dictionary<string, string> headers, StandInBlob? blob, int start, int length,
        bool chunked)
    {
        if (isSent) throw new InvalidOperationException("answered twice");
        isSent = true;
        var response = context.Response;
        response.StatusCode = status;
        response.Headers["X-Request-Id"] = "Root=1-standin";
        if (side == "HUB" && status != 429)
        {
            var (bucket, limit) = Route.Contains("/resolve/", StringComparison.Ordinal) ? ("resolvers", 3000) : ("api", 500);
            response.Headers["RateLimit"] = $"\"{bucket}\";r={limit - 1};t=300";
            response.Headers["RateLimit-Policy"] = $"\"fixed window\";\"{bucket}\";q={limit};w=300";
        }
        foreach (var (name, value) in headers) response.Headers[name] = value;
        if (!chunked) response.ContentLength = blob is null ? text.Length : length;
        hub.Record(new(side, Method, target, context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(),
            header => header.Value.ToString()), body, status));
        if (fault?.Do == "lose") context.Abort();
        if (HttpMethods.IsHead(Method) || fault?.Do == "lose") return;
        if (blob is null)
        {
            await response.Body.WriteAsync(text);
            return;
        }
        var sent = blob.Content.AsMemory(start, fault?.Do is "cut" or "stall" ? Math.Min(length, fault.After) : length);
        if (fault?.Do == "flip")
        {
            var flipped = sent.ToArray();
            flipped[0] ^= 1;
            sent = flipped;
        }
        await response.Body.WriteAsync(sent);
        await response.Body.FlushAsync();
        if (fault?.Do == "stall") await Task.WhenAny(fault.Until, Task.Delay(Timeout.Infinite, context.RequestAborted)
            .ContinueWith(_ => { },
            CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default));
        // Fewer bytes than were announced: the server closes the connection.
    }

    private Func<Task> Json(JsonNode value, int status = 200, Dictionary<string, string>? headers = null) =>
        Send(status, Encoding.UTF8.GetBytes(value.ToJsonString(Plain)),
            new(headers ?? []) { ["Content-Type"] = headers?.GetValueOrDefault("Content-Type") ?? "application/json; charset=utf-8" });

    private Func<Task> Fail(int status, string? code, string message, IReadOnlyDictionary<string, string>? headers = null)
    {
        var all = new Dictionary<string, string>(headers ?? new Dictionary<string, string>()) { ["X-Error-Message"] = message };
        if (code is not null) all["X-Error-Code"] = code;
        return Json(new JsonObject { ["error"] = message }, status, all);
    }

    private static int Number(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^bytes=(\d*)-(\d*)$")]
    private static partial Regex AskedRange();

    private sealed class RefusedException(int status, string? code, string message, IReadOnlyDictionary<string, string>? headers = null)
        : Exception(message)
    {
        public RefusedException((int Status, string? Code, string Message) why) : this(why.Status, why.Code, why.Message)
        {
        }

        public int Status { get; } = status;

        public string? Code { get; } = code;

        public IReadOnlyDictionary<string, string>? Headers { get; } = headers;
    }
}

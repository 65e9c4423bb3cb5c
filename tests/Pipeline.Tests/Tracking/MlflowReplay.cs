using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using R1Cloud.Testing;

namespace R1Cloud.Pipeline.Tests.Tracking;

/// <summary>A recorded request and its answer.</summary>
internal sealed class MlflowExchange(JsonNode exchange)
{
    private const long FirstTime = 1_764_430_000_000;

    private readonly JsonNode request = exchange["request"]!, response = exchange["response"]!;

    public string Method => (string)request["method"]!;

    public string Path => (string)request["path"]!;

    public int Status => (int)response["status"]!;

    public string Text => (string?)response["body_raw"] ?? "";

    public JsonNode? Json => response["body"] ?? Parsed(Text);

    /// <summary>The names that the recorded server made up in this answer, by field.</summary>
    public string? Invented(string field) => field == "experiment_id" ? (string?)Json?[field] : (string?)Json?["run"]?["info"]?[field];

    public HttpRequestMessage Ask(string address)
    {
        var asked = new HttpRequestMessage(new(Method), new Uri(address + Path));
        if (Body() is { } body) asked.Content = new ByteArrayContent(body);
        foreach (var (name, value) in request["headers"]!.AsObject())
        {
            if (name == "Transfer-Encoding") asked.Headers.TransferEncodingChunked = true;
            else if (!asked.Headers.TryAddWithoutValidation(name, (string)value!))
                asked.Content?.Headers.TryAddWithoutValidation(name, (string)value!);
        }
        if (asked.Content is null && Method == "POST") asked.Content = new ByteArrayContent([]);
        return asked;
    }

    private byte[]? Body()
    {
        if (request["body_summary"] is { } summary) return Encoding.UTF8.GetBytes(OfSummary((string)summary!).ToJsonString());
        if (request["body_base64"] is { } base64) return Convert.FromBase64String((string)base64!);
        var text = (string?)request["body_raw"] ?? request["body"]?.ToJsonString();
        // Two signs that are none stand for the mark of UTF-16.
        return text is null ? null : text.StartsWith("\uFFFD\uFFFD", StringComparison.Ordinal)
            ? [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(text[2..].Replace("\0", "", StringComparison.Ordinal))]
            : Encoding.UTF8.GetBytes(text);
    }

    // Long bodies are told in words.
    private JsonObject OfSummary(string summary)
    {
        var body = new JsonObject { ["run_id"] = Run };
        if (Regex.Match(summary, "^(params|tags): one of (\\d+) times 'x'$") is { Success: true } one)
            body[one.Groups[1].Value] = Pairs(1, _ => one.Groups[1].Value + one.Groups[2].Value, new('x', Number(one.Groups[2])));
        else if (Regex.Match(summary, "^(\\d+) times '(.)'$") is { Success: true } signs)
            body["params"] = Pairs(1, _ => "utf", new(signs.Groups[2].Value[0], Number(signs.Groups[1])));
        else if (Regex.Match(summary, "^(\\d+) chars$") is { Success: true } tag)
            (body["key"], body["value"]) = ("long", new string('x', Number(tag.Groups[1])));
        else if (Regex.Match(summary, "^100 params of (\\d+) chars \\+ 100 tags of (\\d+) chars$") is { Success: true } both)
        {
            body["params"] = Pairs(100, place => $"s{place}", new('x', Number(both.Groups[1])));
            body["tags"] = Pairs(100, place => $"u{place}", new('x', Number(both.Groups[2])));
        }
        else if (Regex.Match(summary, "^(\\d+) metrics(?: \\+ (\\d+) params)?") is { Success: true } many)
        {
            var key = many.Groups[2].Success ? "m3" : summary.EndsWith("key m2", StringComparison.Ordinal) ? "m2" : "m";
            body["metrics"] = new JsonArray([.. Enumerable.Range(0, Number(many.Groups[1])).Select(step => new JsonObject
            {
                ["key"] = key, ["value"] = step, ["timestamp"] = FirstTime + 1000 * step, ["step"] = step,
            })]);
            if (many.Groups[2].Success) body["params"] = Pairs(Number(many.Groups[2]), place => $"r{place}", "1");
        }
        else throw new InvalidOperationException($"A body that is told as '{summary}' is not known.");
        return body;
    }

    /// <summary>The run that the request before it is about; set where the body is told in words.</summary>
    public string Run { get; set; } = "";

    private static JsonArray Pairs(int count, Func<int, string> key, string value) => new([.. Enumerable.Range(0, count)
        .Select(place => new JsonObject { ["key"] = key(place), ["value"] = value })]);

    private static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);

    public static JsonNode? Parsed(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Asks a stand-in what a recorded server was asked, in the same order, and notes where it answers otherwise.</summary>
internal sealed class MlflowReplay : IAsyncDisposable
{
    private static readonly string[] Volatile = ["creation_time", "last_update_time"];

    private readonly MlflowStandIn server;
    private readonly HttpClient http = new();
    private readonly Queue<string> ids = new();
    private string name = "";

    private MlflowReplay(MlflowStandIn server)
    {
        this.server = server;
        // What the recorded server made up is made up again.
        server.Invents = what => what == "run_name" ? name : ids.TryDequeue(out var id) ? id : Guid.NewGuid().ToString("n");
    }

    public static async Task<MlflowReplay> StartAsync(Action<MlflowStandIn> arrange)
    {
        var server = await MlflowStandIn.StartAsync();
        arrange(server);
        return new(server);
    }

    public static IReadOnlyList<MlflowExchange> Read(string file)
    {
        // A number that is too large for Python was written back as Infinity, which is no JSON.
        var text = File.ReadAllText(Fixtures.Shared($"data/mlflow/recordings/{file}.json"))
            .Replace("\"value\": Infinity", "\"value\": 1e400", StringComparison.Ordinal);
        return [.. JsonNode.Parse(text)!["exchanges"]!.AsArray().Select(exchange => new MlflowExchange(exchange!))];
    }

    /// <summary>Replays a case.</summary>
    /// <returns>Where the answers differ, each as a line.</returns>
    public async Task<IReadOnlyList<string>> ReplayAsync(string file, Func<MlflowExchange, bool> isLeftOut)
    {
        var (differences, run) = (new List<string>(), "");
        foreach (var exchange in Read(file).Where(exchange => !isLeftOut(exchange)))
        {
            exchange.Run = run;
            if (exchange.Invented("experiment_id") is { } experiment && server.IsFileStore) ids.Enqueue(experiment);
            if (exchange.Invented("run_id") is { } id && exchange.Method == "POST")
            {
                (run, name) = (id, exchange.Invented("run_name")!);
                ids.Enqueue(id);
            }
            using var asked = exchange.Ask(server.Address);
            using var answer = await http.SendAsync(asked);
            var text = await answer.Content.ReadAsStringAsync();
            if (Difference(exchange, (int)answer.StatusCode, text) is { } difference)
                differences.Add($"{file}: {exchange.Method} {exchange.Path}: {difference}");
        }
        return differences;
    }

    private static string? Difference(MlflowExchange exchange, int status, string text)
    {
        if (status != exchange.Status) return $"{status} {Short(text)} in place of {exchange.Status} {Short(exchange.Text)}";
        var (got, expected) = (Plain(MlflowExchange.Parsed(text)), Plain(exchange.Json));
        if (expected?["error_code"] is { } code)
            return JsonNode.DeepEquals(got?["error_code"], code) ? null : $"{Short(text)} in place of {code}";
        // A page's words are its own; other text begins as ours does.
        if (expected is null)
            return exchange.Text.StartsWith('<') ? got is null ? null : Short(text)
                : exchange.Text.StartsWith(text, StringComparison.Ordinal) && text.Length > 0 ? null : Short(text);
        return JsonNode.DeepEquals(got, expected) ? null : $"{got?.ToJsonString()} in place of {expected.ToJsonString()}";
    }

    // Without times of the server's clock, numbers as doubles, lists of keys in order of the keys.
    private static JsonNode? Plain(JsonNode? node) => node switch
    {
        JsonObject fields => new JsonObject(fields.Where(field => !Volatile.Contains(field.Key))
            .Select(field => KeyValuePair.Create(field.Key, field.Value is JsonArray list && field.Key is "params" or "tags"
                ? new JsonArray([.. list.OrderBy(entry => entry!["key"]!.ToString(), StringComparer.Ordinal).Select(Plain)])
                : Plain(field.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Plain)]),
        JsonValue value when value.GetValueKind() == JsonValueKind.Number =>
            JsonValue.Create(decimal.TryParse(value.ToJsonString(), CultureInfo.InvariantCulture, out var exact)
                ? exact.ToString("0.############################", CultureInfo.InvariantCulture)
                : double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture)),
        _ => node?.DeepClone(),
    };

    private static string Short(string text) => text.Length > 200 ? text[..200] : text;

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await server.DisposeAsync();
    }
}

using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using R1Cloud.Testing;

namespace R1Cloud.Inference.Tests.Sglang;

/// <summary>One recorded call of a real SGLang, with this machine's folders in place of the recorded ones.</summary>
internal sealed record SglangRecording(string Name, JsonNode Request, JsonNode Response)
{
    private const string Root = "data/sglang/recorded";

    /// <summary>The status; null where the connection broke or nothing was answered.</summary>
    public int? Status => (int?)Response["status"];

    /// <summary>What was answered: JSON, or text.</summary>
    public JsonNode? Answer => Response["json"] ?? Response["text"];

    /// <summary>What the weights were called that drew first, or that the server told of.</summary>
    public string? Version =>
        (string?)(((Answer as JsonArray)?[0] ?? Answer) as JsonObject)?["meta_info"]?["weight_versions"]?[0]?["version"]
        ?? (string?)(Answer as JsonObject)?["weight_version"];

    /// <summary>The names of all.</summary>
    public static IEnumerable<string> Names()
    {
        var folder = Repository.PathOf("..", "shared", Root);
        // Where there are none, reading it skips the test.
        if (!Directory.Exists(folder)) return ["gen_minimal"];
        return Directory.GetFiles(folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order();
    }

    public static SglangRecording Read(string name, SglangModels models)
    {
        var text = models.Mapped(File.ReadAllText(Fixtures.Shared($"{Root}/{name}.json")));
        var recorded = JsonNode.Parse(text)!;
        return new(name, recorded["request"]!, recorded["response"]!);
    }

    /// <summary>Asks a server the same.</summary>
    public async Task<(int Status, string? Kind, JsonNode? Answer)> AskAsync(Uri address, CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = address };
        using var message = new HttpRequestMessage(new HttpMethod((string)Request["method"]!), (string)Request["path"]!);
        if ((Request["body"]?.ToJsonString() ?? (string?)Request["raw_body"]) is { } body)
        {
            message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if ((string?)Request["headers"]?["Content-Type"] is { } kind) message.Content.Headers.ContentType = new(kind);
        }
        if ((string?)Request["headers"]?["Authorization"] is { } key) message.Headers.Authorization = AuthenticationHeaderValue.Parse(key);
        using var answer = await client.SendAsync(message, cancellation);
        var text = await answer.Content.ReadAsStringAsync(cancellation);
        var type = answer.Content.Headers.ContentType?.ToString();
        return ((int)answer.StatusCode, type, type?.StartsWith("application/json", StringComparison.Ordinal) == true
            ? JsonNode.Parse(text) : JsonValue.Create(text));
    }
}

using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using R1Cloud.Testing;

namespace R1Cloud.Pipeline.Tests.Tracking;

/// <summary>The stand-in answers the calls that we make as the recorded server did.</summary>
public sealed class MlflowRecordingsTests
{
    private static readonly string[] Calls = ["experiments/get-by-name", "experiments/create", "runs/create", "runs/search",
        "runs/log-batch", "runs/log-metric", "runs/update", "metrics/get-history"];

    [Theory]
    [InlineData("01_experiment_get_by_name_missing")]
    [InlineData("03_experiment_create_duplicate")]
    [InlineData("10_run_create")]
    [InlineData("12_run_nested")]
    [InlineData("13_run_get_unknown")]
    [InlineData("20_log_batch_ok")]
    [InlineData("23_metric_keys")]
    [InlineData("25_duplicate_points")]
    [InlineData("26_latest_metric")]
    [InlineData("33_run_update")]
    [InlineData("34_finished_run_more")]
    [InlineData("37_silent_loss")]
    [InlineData("38_resume_flow")]
    [InlineData("39_chunked_bodies")]
    public async Task StandIn_AskedAsRecorded_AnswersAsRecorded(string name)
    {
        var recording = JsonNode.Parse(await File.ReadAllTextAsync(Fixtures.Shared($"data/mlflow/recordings/{name}.json")))!;
        await using var standIn = await MlflowStandIn.StartAsync();
        using var http = new HttpClient { BaseAddress = new(standIn.Address) };
        // The recorded server had an experiment from the second case on.
        if (!name.StartsWith("01", StringComparison.Ordinal))
            await PostAsync(http, "/api/2.0/mlflow/experiments/create", """{ "name": "grpo demo" }""", chunked: false);
        var ids = new Dictionary<string, string>();
        foreach (var exchange in recording["exchanges"]!.AsArray())
        {
            var (request, expected) = (exchange!["request"]!, exchange["response"]!);
            var path = Renamed((string)request["path"]!, ids);
            var call = path.Split('?')[0].Replace("/api/2.0/mlflow/", "", StringComparison.Ordinal);
            if (!Calls.Contains(call) || request["body_summary"] is not null) continue;
            var body = Renamed((string?)request["body_raw"] ?? request["body"]?.ToJsonString() ?? "", ids);
            if (request["body"]?["run_id"] is { } known && !ids.ContainsKey(known.ToString()) && (int)expected["status"]! != 404)
            {
                // Of a run that another case has made.
                using var made = await PostAsync(http, "/api/2.0/mlflow/runs/create", """{ "experiment_id": "1" }""", chunked: false);
                ids[known.ToString()] = JsonOf(await made.Content.ReadAsStringAsync())!["run"]!["info"]!["run_id"]!.ToString();
                body = Renamed(body, ids);
            }
            using var answer = (string)request["method"]! == "GET" ? await http.GetAsync(path)
                : await PostAsync(http, path, body, (bool?)request["chunked"] == true);
            // Dates are read by nobody of ours.
            if (body.Contains("\"yesterday\"", StringComparison.Ordinal)) continue;
            var text = await answer.Content.ReadAsStringAsync();
            ((int)answer.StatusCode).ShouldBe((int)expected["status"]!, $"{call} {body} => {text}");
            Compare(call, JsonOf(text), expected["body"], ids);
        }
    }

    private static void Compare(string call, JsonNode? got, JsonNode? expected, Dictionary<string, string> ids)
    {
        if (expected?["error_code"] is { } code)
        {
            got!["error_code"]!.ToString().ShouldBe(code.ToString());
            return;
        }
        switch (call)
        {
            case "runs/create" when expected is not null:
                ids[expected["run"]!["info"]!["run_id"]!.ToString()] = got!["run"]!["info"]!["run_id"]!.ToString();
                Same(got["run"]!["info"]!, expected["run"]!["info"]!, "status", "start_time", "experiment_id");
                break;
            case "runs/search":
                (got!["runs"]?.AsArray().Count ?? 0).ShouldBe(expected!["runs"]?.AsArray().Count ?? 0);
                break;
            case "runs/update":
                Same(got!["run_info"]!, expected!["run_info"]!, "status", "end_time");
                break;
            case "metrics/get-history" when expected is not null:
                JsonNode.DeepEquals(Points(got!), Points(expected)).ShouldBeTrue($"{got} is not {expected}");
                break;
        }
    }

    private static JsonArray Points(JsonNode history) => new([.. (history["metrics"]?.AsArray() ?? []).Select(point => new JsonObject
    {
        ["key"] = point!["key"]!.ToString(), ["value"] = point["value"]!.ToString() is var text
            && double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var value) ? value.ToString("R") : text,
        ["timestamp"] = point["timestamp"]!.ToString(), ["step"] = point["step"]!.ToString(),
    })]);

    private static void Same(JsonNode got, JsonNode expected, params string[] fields)
    {
        foreach (var field in fields) got[field]?.ToString().ShouldBe(expected[field]?.ToString(), field);
    }

    private static string Renamed(string text, Dictionary<string, string> ids) =>
        ids.Aggregate(text, (renamed, id) => renamed.Replace(id.Key, id.Value, StringComparison.Ordinal));

    private static JsonNode? JsonOf(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient http, string path, string body, bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body))
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
            },
        };
        if (chunked) request.Headers.TransferEncodingChunked = true;
        return await http.SendAsync(request);
    }
}

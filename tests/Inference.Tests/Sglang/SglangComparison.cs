using System.Text.Json;
using System.Text.Json.Nodes;

namespace R1Cloud.Inference.Tests.Sglang;

/// <summary>Compares what a stand-in answers with what the real server did.</summary>
/// <param name="part">Whether the stand-in tells only a part of the recorded fields.</param>
/// <param name="loose">Whether how many tokens there are depends on the moment.</param>
internal sealed class SglangComparison(bool part, bool loose)
{
    // Decided by the recorded weights, by time, or by what the server's cache has from before: of these the form alone.
    private static readonly string[] Free =
        ["id", "text", "output_ids", "input_token_logprobs", "output_token_logprobs", "output_token_sampling_mask",
            "output_token_sampling_logprobs", "input_top_logprobs", "output_top_logprobs", "input_token_ids_logprobs",
            "output_token_ids_logprobs", "forward_entry_time", "prefill_finished_time", "queue_time", "e2e_latency",
            "request_received_ts", "first_token_latency", "api_server_dispatch_finish_ts", "request_finished_ts", "decode_throughput",
            "response_sent_to_client_ts", "timestamp", "checksums", "per_gpu_checksum", "per_engine_checksum", "created", "dp_size",
            "dp_rank", "num_running_reqs", "num_waiting_reqs", "num_used_tokens", "token_usage"];

    private static readonly string[] Unseen = ["cached_tokens", "cached_tokens_details"];

    private static readonly string[] Counts = ["completion_tokens", "output_token_logprobs_length", "start", "end"];

    public void Same(JsonNode? recorded, JsonNode? told, string at)
    {
        switch (recorded)
        {
            case JsonObject expected when told is JsonObject given:
                Fields(expected, given, at);
                foreach (var (name, value) in given) Field(expected, name, value, $"{at}.{name}");
                break;
            case JsonArray expected when told is JsonArray given:
                if (!part) given.Count.ShouldBe(expected.Count, at);
                for (var i = 0; i < Math.Min(expected.Count, given.Count); i++) Same(expected[i], given[i], $"{at}[{i}]");
                break;
            case JsonValue expected when expected.GetValueKind() == JsonValueKind.Number:
                ((double)told!).ShouldBe((double)expected, 1e-9, at);
                break;
            default:
                (told?.ToJsonString()).ShouldBe(recorded?.ToJsonString(), at);
                break;
        }
    }

    private void Field(JsonObject expected, string name, JsonNode? value, string at)
    {
        if (Unseen.Contains(name) || (loose && Counts.Contains(name))) return;
        // The place in the server's source, and where in a request.
        if (name == "message" && (string?)expected["object"] == "error") value!.GetValueKind().ShouldBe(JsonValueKind.String, at);
        else if (Free.Contains(name)) Form(expected[name], value, at);
        else Same(expected[name], value, at);
    }

    private void Fields(JsonObject expected, JsonObject given, string at)
    {
        var names = given.Select(entry => entry.Key).ToList();
        if (part) names.ShouldBeSubsetOf(expected.Select(entry => entry.Key), at);
        // One token more or less decides whether a rate can be told.
        else names.Where(name => !(loose && name == "decode_throughput"))
            .ShouldBe(expected.Select(entry => entry.Key).Where(name => !(loose && name == "decode_throughput")), ignoreOrder: true, at);
    }

    // Same kinds at the same places.
    private void Form(JsonNode? recorded, JsonNode? told, string at)
    {
        switch (recorded)
        {
            case null:
                told.ShouldBeNull(at);
                break;
            case JsonArray expected:
                var given = told.ShouldBeOfType<JsonArray>(at);
                if (!loose) given.Count.ShouldBe(expected.Count, at);
                for (var i = 0; i < Math.Min(expected.Count, given.Count); i++) Form(expected[i], given[i], $"{at}[{i}]");
                break;
            case JsonObject expected:
                Fields(expected, told.ShouldBeOfType<JsonObject>(at), at);
                break;
            default:
                (told?.GetValueKind()).ShouldBe(recorded.GetValueKind(), at);
                break;
        }
    }
}

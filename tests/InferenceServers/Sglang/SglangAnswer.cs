using System.Text.Json.Nodes;

namespace R1Cloud.InferenceServers.Sglang;

/// <summary>Builds what the recorded server tells of a completion.</summary>
/// <param name="body">The request.</param>
/// <param name="rid">Its name.</param>
/// <param name="prompt">Its prompt.</param>
/// <param name="drawn">What was drawn of it.</param>
internal sealed class SglangAnswer(JsonObject body, string rid, int[] prompt, DrawnCompletion drawn)
{
    private const double Free = 0.001; // of times

    /// <summary>One that was ended while it waited.</summary>
    public static JsonObject Queued(string rid, string version) => new()
    {
        ["text"] = "", ["output_ids"] = new JsonArray(), ["meta_info"] = new JsonObject
        {
            ["id"] = rid, ["finish_reason"] = new JsonObject { ["type"] = "abort", ["message"] = "Abort in waiting queue" },
            ["weight_version"] = version, ["e2e_latency"] = Free,
            ["weight_versions"] = new JsonArray(new JsonObject { ["version"] = version, ["start"] = 0, ["end"] = 0 }),
            ["completion_tokens"] = 0, ["response_sent_to_client_ts"] = Free,
        },
    };

    /// <summary>The answer after so many tokens.</summary>
    /// <param name="from">The first that it tells.</param>
    /// <param name="count">How many there are by now.</param>
    /// <param name="finish">Why it ended; null where it has not.</param>
    /// <param name="text">Makes text of tokens; null for none.</param>
    /// <param name="replica">Which replica drew it; null where there is one.</param>
    public JsonObject After(int from, int count, JsonObject? finish, Func<IEnumerable<int>, string>? text, int? replica)
    {
        var answer = new JsonObject();
        if (text is not null) answer["text"] = text(drawn.Ids[from..count]);
        answer["output_ids"] = Ids(drawn.Ids[from..count]);
        if ((bool?)body["return_prompt_token_ids"] == true) answer["prompt_token_ids"] = Ids(prompt);
        answer["meta_info"] = Info(from, count, finish, text, replica);
        return answer;
    }

    private JsonObject Info(int from, int count, JsonObject? finish, Func<IEnumerable<int>, string>? text, int? replica)
    {
        var info = new JsonObject
        {
            ["id"] = rid, ["finish_reason"] = finish, ["prompt_tokens"] = prompt.Length, ["weight_version"] = drawn.Versions[^1],
            ["num_retractions"] = drawn.Retractions, ["storage_prefetch_wait"] = 0.0, ["storage_staging_wait"] = 0.0,
            ["forward_entry_time"] = Free, ["prefill_finished_time"] = Free, ["queue_time"] = Free,
        };
        if ((bool?)body["return_logprob"] == true) LogProbs(info, from, count, text);
        (info["reasoning_tokens"], info["completion_tokens"], info["cached_tokens"]) = (0, count, 0);
        if (finish is not null) info["weight_versions"] = Spans(count);
        (info["cached_tokens_details"], info["dp_rank"]) = (null, replica);
        if (count == 1) info["response_sent_to_client_ts"] = Free; // with the first part of a stream, and with the last
        if (finish is null) return info;
        foreach (var name in new[] { "e2e_latency", "request_received_ts", "first_token_latency", "api_server_dispatch_finish_ts",
            "request_finished_ts", "response_sent_to_client_ts" }) info[name] = Free;
        if (count > 1) info["decode_throughput"] = Free;
        return info;
    }

    private void LogProbs(JsonObject info, int from, int count, Func<IEnumerable<int>, string>? text)
    {
        var start = (int?)body["logprob_start_len"] ?? -1;
        var input = start < 0 ? [] : drawn.Input[start..];
        // Their text, where it is asked for and there is a tokenizer.
        var write = (bool?)body["return_text_in_logprobs"] == true ? text : null;
        JsonArray Tuple(float? logProb, int id) => SglangAnswer.Tuple(logProb, id, write?.Invoke([id]));
        info["input_token_logprobs"] = new JsonArray([.. input.Select((value, place) => Tuple(
            place == 0 ? (float?)null : value, prompt[start + place]))]);
        info["output_token_logprobs"] = new JsonArray([.. Enumerable.Range(from, count - from).Select(i => Tuple(
            drawn.LogProbs[i], drawn.Ids[i]))]);
        info["output_token_logprobs_length"] = count;
        if (drawn.Mask is { } mask)
        {
            info["output_token_sampling_mask"] = new JsonArray([.. mask.Select(allowed => Ids([.. allowed.Select(token => token.Id)]))]);
            info["output_token_sampling_logprobs"] = (string?)body["sampling_logprobs_mode"] == "support"
                ? new JsonArray([.. mask.Select(allowed => new JsonArray([.. allowed.Select(token => (JsonNode)token.LogProb)]))])
                : new JsonArray([.. drawn.Processed.Select(value => (JsonNode)value)]);
            info["output_token_sampling_mask_length"] = count;
        }
        foreach (var (field, named) in new[] { ("top_logprobs_num", "top_logprobs"), ("token_ids_logprob", "token_ids_logprobs") })
        {
            if (body[field] is not { } asked) continue;
            // Their form alone: nothing that samples reads them.
            JsonArray Likely() => new([.. Enumerable.Range(0, asked is JsonArray ids ? ids.Count : (int)asked).Select(i => Tuple(0, i))]);
            info["input_" + named] = new JsonArray([.. input.Select((_, place) => place == 0 ? null : (JsonNode)Likely())]);
            info["output_" + named] = new JsonArray([.. Enumerable.Range(0, count).Select(_ => (JsonNode)Likely())]);
        }
    }

    private JsonArray Spans(int count)
    {
        var spans = new JsonArray();
        for (var at = 0; at < count;)
        {
            var end = at;
            while (end < count && drawn.Versions[end] == drawn.Versions[at]) end++;
            spans.Add(new JsonObject { ["version"] = drawn.Versions[at], ["start"] = at, ["end"] = end });
            at = end;
        }
        if (count == 0) spans.Add(new JsonObject { ["version"] = drawn.Versions[^1], ["start"] = 0, ["end"] = 0 });
        return spans;
    }

    private static JsonArray Tuple(float? logProb, int id, string? text) =>
        new(logProb is { } told && float.IsFinite(told) ? JsonValue.Create(told) : null, JsonValue.Create(id), text);

    private static JsonArray Ids(int[] ids) => new([.. ids.Select(id => (JsonNode)id)]);
}

/// <summary>What was drawn.</summary>
/// <param name="Ids">Tokens.</param>
/// <param name="LogProbs">Log-probability of each after the temperature.</param>
/// <param name="Processed">The same of what filters left.</param>
/// <param name="Input">Log-probability of each of the prompt's tokens; of the first nothing.</param>
/// <param name="Mask">What filters left at each place; null where that was not asked for.</param>
/// <param name="Versions">The weights that made each token; at least one.</param>
/// <param name="Retractions">How often it was taken back.</param>
internal sealed record DrawnCompletion(int[] Ids, float[] LogProbs, float[] Processed, float[] Input, (int Id, float LogProb)[][]? Mask,
    IReadOnlyList<string> Versions, int Retractions);

using System.Text.Json.Nodes;
using R1Cloud.Inference.Protocols;

namespace R1Cloud.Inference.Sglang;

/// <summary>What is asked of SGLang. Unknown fields beside the sampling's are ignored in silence: these are all among the recorded
/// ones.</summary>
internal static class SglangRequests
{
    // The server's --sampling-mask-max-tokens; beyond it, it does not tell what was left to draw from.
    private const int MostMasked = 4096;

    /// <summary>Whether it can tell log-probabilities of the distribution that is drawn from; else those before its filters.</summary>
    public static bool TellsDrawn(EngineRequest request) => !request.Filters || request.TopK is >= 1 and <= MostMasked;

    /// <summary>A completion, one a request: of several in one, the server makes ids of its own, and all draw alike by seeds.</summary>
    public static JsonObject Sample(EngineRequest request)
    {
        var sampling = new JsonObject
        {
            ["max_new_tokens"] = request.MaxTokens, // 128 when left out
            ["temperature"] = request.Temperature, ["ignore_eos"] = true, // only our own ids end a completion
            ["sampling_seed"] = (long)(request.Seed & long.MaxValue), // has no effect but in deterministic mode
            ["stop_token_ids"] = new JsonArray([.. request.StopIds.Select(id => (JsonNode)id)]),
        };
        if (request.TopP < 1) sampling["top_p"] = request.TopP;
        if (request.TopK > 0) sampling["top_k"] = request.TopK; // 0 is refused
        if (request.MinP > 0) sampling["min_p"] = request.MinP;
        var body = Body(request.Prompt, sampling, logProbsFrom: -1);
        if (request.Filters && TellsDrawn(request) && request.Temperature > 0) body["return_sampling_mask"] = true;
        return body;
    }

    /// <summary>The log-probabilities of a text's tokens.</summary>
    public static JsonObject Score(IReadOnlyList<int> ids) => Body(ids, new JsonObject { ["max_new_tokens"] = 0, ["temperature"] = 0 }, 0);

    private static JsonObject Body(IReadOnlyList<int> ids, JsonObject sampling, int logProbsFrom) => new()
    {
        ["rid"] = "r1-" + Guid.NewGuid().ToString("N"), ["input_ids"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]),
        ["sampling_params"] = sampling, ["return_logprob"] = true, ["logprob_start_len"] = logProbsFrom, ["stream"] = false,
    };
}

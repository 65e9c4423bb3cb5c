using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace R1Cloud.InferenceServers.Sglang;

/// <summary>What the recorded server refuses of a request to generate, in its words. Unknown fields beside the sampling's pass.</summary>
/// <param name="options">How it was started.</param>
/// <param name="context">Its longest sequence.</param>
internal sealed class SglangRules(StandInOptions options, int context)
{
    private const int ReservedTokens = 6, MostMasked = 4096, Unlimited = 1 << 30;

    private static readonly string[] SamplingFields =
        ["max_new_tokens", "stop", "stop_token_ids", "stop_regex", "temperature", "top_p", "top_k", "min_p", "frequency_penalty",
            "presence_penalty", "repetition_penalty", "min_new_tokens", "n", "json_schema", "regex", "ebnf", "structural_tag",
            "ignore_eos", "skip_special_tokens", "spaces_between_special_tokens", "no_stop_trim", "stream_interval", "logit_bias",
            "sampling_seed", "custom_params", "beam_width", "watermark", "choice"];

    /// <summary>The longest prompt and one.</summary>
    public int MaxInput => context - ReservedTokens;

    /// <summary>Looks at types beside the sampling's; null where all is well.</summary>
    public static JsonObject? Malformed(JsonObject body)
    {
        if (body["input_ids"] is { } ids && ids is not JsonArray)
            return Validation("'loc': ('body', 'input_ids'), 'msg': 'Value error, must be list or null; got str'");
        if (body["input_ids"] is JsonArray all && all.Any(id => id is JsonValue value && !value.TryGetValue<int>(out _)))
            return Validation("'loc': ('body', 'input_ids'), 'msg': 'Value error, elements must be int or list; got float'");
        if (body["stream"] is { } stream && stream.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False))
            return Validation("'loc': ('body', 'stream'), 'msg': 'Input should be a valid boolean, unable to interpret input'");
        return null;
    }

    /// <summary>The form of an answer to what does not fit the route.</summary>
    public static JsonObject Validation(string what) => new()
    {
        ["object"] = "error", ["message"] = $"1 validation error:\n  {{{what}}}", ["type"] = "Bad Request",
        ["param"] = null, ["code"] = 400,
    };

    /// <summary>Looks at sampling settings' names and types; null where all is well.</summary>
    public static JsonObject? Unknown(JsonObject sampling)
    {
        if (sampling.Select(field => field.Key).FirstOrDefault(name => !SamplingFields.Contains(name)) is { } other)
            return new() { ["error"] = $"unknown field `{other}`, expected one of {string.Join(", ", SamplingFields.Select(Quoted))}" };
        foreach (var (name, kind) in new[] { ("temperature", "f64"), ("sampling_seed", "i64") })
        {
            if (sampling[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String)
                return new() { ["error"] = $"invalid type: string \"{value.GetValue<string>()}\", expected {kind}" };
        }
        return null;
    }

    private static string Quoted(string name) => $"`{name}`";

    /// <summary>Looks at a whole request; null where all is well.</summary>
    public string? Refusal(JsonObject body, IReadOnlyList<JsonObject> samplings, IReadOnlyList<int[]> prompts, IReadOnlyList<string> rids)
    {
        if (body["text"] is not null && !options.HasTokenizer)
            return "The engine initialized with skip_tokenizer_init=True cannot accept text prompts. Please provide input_ids or "
                + "re-initialize the engine with skip_tokenizer_init=False.";
        if (body["text"] is null && body["input_ids"] is null) return "Either text, input_ids or input_embeds should be provided.";
        if (rids.GroupBy(rid => rid).FirstOrDefault(group => group.Count() > 1) is { } twice)
            return $"Duplicate request IDs detected within the request: ['{twice.Key}']";
        if ((int?)body["routed_dp_rank"] is { } rank && rank >= options.Replicas)
            return $"routed_dp_rank={rank} out of range [0, {options.Replicas})";
        if (prompts.Any(prompt => prompt.Length == 0)) return "input_ids cannot be empty.";
        return samplings.Select(sampling => Sampling(body, sampling)).Concat(prompts.Zip(samplings,
            (prompt, sampling) => Lengths(body, prompt, sampling))).FirstOrDefault(refusal => refusal is not null);
    }

    private string? Sampling(JsonObject body, JsonObject sampling)
    {
        if (sampling["stop"] is JsonArray { Count: > 0 } stop && !options.HasTokenizer)
            return $"stop=[{string.Join(", ", stop.Select(text => $"'{text}'"))}] is unavailable when skip_tokenizer_init=True (requires "
                + "tokenizer to decode tokens to text for matching).";
        if ((double?)sampling["temperature"] < 0)
            return $"temperature must be a non-negative finite number, got {sampling["temperature"]}.";
        if (sampling["top_k"] is { } k && (int)k != -1 && (int)k < 1) return $"top_k must be -1 (disable) or at least 1, got {k}.";
        if (sampling["top_p"] is { } p && ((double)p <= 0 || (double)p > 1)) return $"top_p must be in (0, 1], got {p}.";
        var mask = (bool?)body["return_sampling_mask"] ?? false;
        if (body["sampling_logprobs_mode"] is not null && !mask)
            return "sampling_logprobs_mode can only be set when return_sampling_mask=true.";
        var topK = (int?)sampling["top_k"] is { } given and > 0 ? given : Unlimited;
        return mask && topK > MostMasked
            ? "return_sampling_mask requires top_k=1 for greedy sampling or finite 1 < top_k <= 4096; got "
                + $"top_k={topK.ToString(CultureInfo.InvariantCulture)}. Lower top_k or increase --sampling-mask-max-tokens."
            : null;
    }

    private string? Lengths(JsonObject body, int[] prompt, JsonObject sampling)
    {
        if (prompt.Length >= context)
            return $"The input ({prompt.Length} tokens) is longer than the model's context length ({context} tokens).";
        if ((int?)sampling["max_new_tokens"] is { } most && prompt.Length + most > context)
            return $"Requested token count exceeds the model's maximum context length of {context} tokens. You requested a total of "
                + $"{prompt.Length + most} tokens: {prompt.Length} tokens from the input messages and {most} tokens for the completion. "
                + "Please reduce the number of tokens in the input messages or the completion to fit within the limit.";
        if (prompt.Length >= MaxInput)
            return $"Input length ({prompt.Length} tokens) exceeds the maximum allowed length ({MaxInput} tokens). Use a shorter input or "
                + "enable --allow-auto-truncate.";
        return (int?)body["logprob_start_len"] is { } from && from > prompt.Length
            ? $"req.logprob_start_len={from} is higher than the number of input tokens len(req.origin_input_ids)={prompt.Length}. Please "
                + "use a smaller logprob_start_len."
            : null;
    }
}

using System.Text.Json;
using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Wire;

namespace R1Cloud.Inference.Sglang;

/// <summary>Reads what SGLang answers to <c>/generate</c>.</summary>
internal static class SglangAnswers
{
    /// <summary>A completion.</summary>
    /// <exception cref="EngineException">It is not finished, or its numbers cannot be trusted.</exception>
    public static EngineAnswer Completion(string server, EngineRequest request, JsonElement answer)
    {
        var about = answer.GetProperty("meta_info");
        var finish = about.GetProperty("finish_reason");
        var kind = finish.GetProperty("type").GetString();
        if (kind is not ("stop" or "length"))
            throw new EngineException(EngineProblem.Unfinished, $"{server} ended a completion half-way ({kind}).");
        if (finish.TryGetProperty("matched", out var matched) && matched.ValueKind == JsonValueKind.String)
            throw Broken(server, $"ended a completion by '{matched.GetString()}'");
        int[] tokens = [.. answer.GetProperty("output_ids").EnumerateArray().Select(id => id.GetInt32())];
        // After the temperature, before what top-k, top-p and min-p leave; greedily at temperature 1.
        var told = Tuples(server, about.GetProperty("output_token_logprobs"), tokens);
        var untold = EngineAnswer.Untold(tokens.Length);
        var plain = request.Temperature is 0 or 1 ? told : untold;
        float[] drawn = request.Temperature == 0 || !request.Filters ? told
            : about.TryGetProperty("output_token_sampling_logprobs", out var left)
                ? [.. left.EnumerateArray().Select(value => Finite(server, value))] : untold;
        if (drawn.Length != tokens.Length) throw Broken(server, $"gave {drawn.Length} log-probabilities for {tokens.Length} tokens");
        var versions = about.GetProperty("weight_versions").EnumerateArray().Select(span => span.GetProperty("version").GetString()!)
            .Distinct().ToList();
        return new(tokens, drawn, plain, kind == "stop", versions);
    }

    /// <summary>The log-probabilities of a text's tokens but the first.</summary>
    /// <exception cref="EngineException">They are of other tokens, or cannot be trusted.</exception>
    public static float[] Scores(string server, IReadOnlyList<int> ids, JsonElement answer)
    {
        var told = answer.GetProperty("meta_info").GetProperty("input_token_logprobs");
        if (told.GetArrayLength() != ids.Count) throw Broken(server, $"scored {told.GetArrayLength()} of {ids.Count} tokens");
        return Tuples(server, told, ids, skip: 1); // of the first token there is none
    }

    private static float[] Tuples(string server, JsonElement told, IReadOnlyList<int> tokens, int skip = 0)
    {
        if (told.GetArrayLength() != tokens.Count)
            throw Broken(server, $"gave {told.GetArrayLength()} log-probabilities for {tokens.Count} tokens");
        var values = new float[tokens.Count - skip];
        for (var i = skip; i < tokens.Count; i++)
        {
            if (told[i][1].GetInt32() != tokens[i])
                throw Broken(server, $"gave the log-probability of another token than the one asked for, at place {i}");
            values[i - skip] = Finite(server, told[i][0]);
        }
        return values;
    }

    // What is not a number comes as null.
    private static float Finite(string server, JsonElement value) => value.ValueKind == JsonValueKind.Number
        ? value.GetSingle() : throw Broken(server, "gave a log-probability that is none: its numbers are not finite");

    private static EngineException Broken(string server, string what) => new(EngineProblem.Broken, $"{server} {what}.");
}

using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Wire;

namespace R1Cloud.Inference.Vllm;

/// <summary>
/// vLLM (0.32) by <c>/inference/v1/generate</c>, which takes ids and gives ids, log-probabilities and the versions of the weights that made
/// them. It ignores unknown fields in silence: those that are sent here are all among the recorded ones.
/// </summary>
public sealed class VllmProtocol : IEngineProtocol
{
    /// <summary>How the served model is called where we start the server.</summary>
    public const string ModelName = "policy";

    private const string Generate = "/inference/v1/generate";

    private readonly EngineHttp http;
    private readonly TimeSpan controlLimit, loadLimit;
    private string? model;

    /// <summary>Makes one.</summary>
    /// <param name="address">Where the server listens.</param>
    /// <param name="key">Its key; null for none.</param>
    /// <param name="controlLimit">The longest wait for a call that only asks or switches.</param>
    /// <param name="loadLimit">The longest wait for weights to be loaded, digested or scored with.</param>
    public VllmProtocol(Uri address, string? key, TimeSpan controlLimit, TimeSpan loadLimit)
    {
        (http, this.controlLimit, this.loadLimit) = (new EngineHttp(address, key), controlLimit, loadLimit);
    }

    /// <inheritdoc/>
    public Uri Address => http.Address;

    /// <inheritdoc/>
    public async Task<EngineFacts> DescribeAsync(CancellationToken cancellation)
    {
        var version = await AskAsync("/version", cancellation);
        var served = (await AskAsync("/v1/models", cancellation)).GetProperty("data").EnumerateArray()
            .First(entry => entry.GetProperty("parent").ValueKind == JsonValueKind.Null); // adapters have a parent
        model = served.GetProperty("id").GetString()!;
        return new(version.GetProperty("version").GetString()!, model, served.GetProperty("max_model_len").GetInt32(),
            await WeightVersionAsync(cancellation));
    }

    /// <inheritdoc/>
    public async Task<bool> IsHealthyAsync(CancellationToken cancellation)
    {
        try
        {
            return (await http.GetAsync("/health", controlLimit, cancellation)).Status == HttpStatusCode.OK;
        }
        catch (EngineException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public Task<double> GeneratedTokensAsync(CancellationToken cancellation) =>
        http.GetMetricAsync("vllm:generation_tokens_total", controlLimit, cancellation);

    /// <inheritdoc/>
    public async Task<EngineAnswer> SampleAsync(EngineRequest request, CancellationToken cancellation)
    {
        var answer = await http.PostAsync(Generate, Body(request), limit: null, cancellation);
        var choice = answer.GetProperty("choices")[0];
        var finish = choice.GetProperty("finish_reason").GetString();
        if (finish is not ("stop" or "length"))
            throw new EngineException(EngineProblem.Unfinished, $"{Address.Authority} ended a completion half-way ({finish}).");
        var tokens = choice.GetProperty("token_ids").EnumerateArray().Select(id => id.GetInt32()).ToArray();
        var content = choice.GetProperty("logprobs").GetProperty("content").EnumerateArray().ToArray();
        if (content.Length != tokens.Length)
            throw Broken($"gave {content.Length} log-probabilities for {tokens.Length} tokens");
        var logProbs = new float[tokens.Length];
        for (var i = 0; i < tokens.Length; i++)
        {
            if (content[i].GetProperty("token_id").GetInt32() != tokens[i])
                throw Broken($"gave the log-probability of another token than the one drawn, at place {i}");
            logProbs[i] = LogProb(content[i]);
        }
        var versions = choice.GetProperty("weight_versions").EnumerateArray().Select(span => span.GetProperty("version").GetString()!)
            .Distinct().ToList();
        var plain = request.Temperature == 0 || (request.Temperature == 1 && !request.Filters);
        return new(tokens, logProbs, plain ? logProbs : EngineAnswer.Untold(tokens.Length), finish == "stop", versions);
    }

    /// <inheritdoc/>
    public async Task<float[]> ScoreAsync(IReadOnlyList<int> ids, CancellationToken cancellation)
    {
        var sampling = new JsonObject { ["max_tokens"] = 1, ["temperature"] = 1.0, ["seed"] = 0, ["logprobs"] = 0,
            ["prompt_logprobs"] = 0 };
        var answer = await http.PostAsync(Generate, Body(ids, sampling), loadLimit, cancellation);
        var told = answer.GetProperty("prompt_logprobs").EnumerateArray().Skip(1).ToArray(); // of the first token there is none
        if (told.Length != ids.Count - 1) throw Broken($"scored {told.Length} of {ids.Count - 1} tokens");
        return [.. told.Select((entry, place) => entry.TryGetProperty(Name(ids[place + 1]), out var score)
            ? LogProb(score) : throw Broken($"scored another token than the one asked for, at place {place + 1}"))];
    }

    /// <inheritdoc/>
    public async Task<string> WeightVersionAsync(CancellationToken cancellation) =>
        (await AskAsync("/weight_info", cancellation)).GetProperty("weight_version").GetString()!;

    /// <inheritdoc/>
    public async Task LoadWeightsAsync(string folder, string version, CancellationToken cancellation)
    {
        await http.PostAsync("/pause?mode=keep", null, controlLimit, cancellation);
        await http.PostAsync("/collective_rpc", new JsonObject
        {
            ["method"] = "reload_weights", ["kwargs"] = new JsonObject { ["weights_path"] = folder },
        }, loadLimit, cancellation);
        await NameWeightsAsync(version, cancellation);
        await http.PostAsync("/reset_prefix_cache", null, controlLimit, cancellation);
        await http.PostAsync("/resume", null, controlLimit, cancellation);
    }

    /// <inheritdoc/>
    public async Task NameWeightsAsync(string version, CancellationToken cancellation) =>
        await http.PostAsync("/update_weight_version", new JsonObject { ["new_version"] = version }, controlLimit, cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, string>> TensorDigestsAsync(CancellationToken cancellation)
    {
        var answer = await http.PostAsync("/weight_checker", new JsonObject { ["action"] = "checksum" }, loadLimit, cancellation);
        return answer.GetProperty("checksums").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!);
    }

    /// <inheritdoc/>
    public bool TellsSha256 => true;

    /// <inheritdoc/>
    public Task<float[]?> TensorValuesAsync(string name, int rows, CancellationToken cancellation) => Task.FromResult<float[]?>(null);

    private JsonObject Body(EngineRequest request)
    {
        var sampling = new JsonObject
        {
            ["max_tokens"] = request.MaxTokens, ["temperature"] = request.Temperature, ["seed"] = (long)(request.Seed & long.MaxValue),
            ["logprobs"] = 0, ["ignore_eos"] = true, // only our own ids end a completion
            ["stop_token_ids"] = new JsonArray([.. request.StopIds.Select(id => (JsonNode)id)]),
        };
        if (request.TopP < 1) sampling["top_p"] = request.TopP;
        if (request.TopK > 0) sampling["top_k"] = request.TopK;
        if (request.MinP > 0) sampling["min_p"] = request.MinP;
        return Body(request.Prompt, sampling);
    }

    private JsonObject Body(IReadOnlyList<int> ids, JsonObject sampling)
    {
        var body = new JsonObject
        {
            ["request_id"] = "r1-" + Guid.NewGuid().ToString("N"), ["token_ids"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]),
            ["sampling_params"] = sampling,
        };
        if (model is not null) body["model"] = model;
        return body;
    }

    // The engine writes −9999 and no rank for what is not a number: its cache keeps such numbers, with whatever weights come after.
    private float LogProb(JsonElement entry)
    {
        var value = entry.GetProperty("logprob").GetSingle();
        return value > -9000 && entry.GetProperty("rank").ValueKind != JsonValueKind.Null
            ? value : throw Broken($"gave the log-probability {value.ToString(CultureInfo.InvariantCulture)}: its numbers are not finite");
    }

    private Task<JsonElement> AskAsync(string path, CancellationToken cancellation) =>
        http.GetJsonAsync(path, "vLLM", controlLimit, cancellation);

    private EngineException Broken(string what) => new(EngineProblem.Broken, $"{Address.Authority} {what}.");

    private static string Name(int id) => id.ToString(CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();
}

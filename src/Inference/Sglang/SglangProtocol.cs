using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Wire;

namespace R1Cloud.Inference.Sglang;

/// <summary>
/// SGLang (0.5.23) by <c>/generate</c>. An id outside of the vocabulary ends its process, and so does a file of another shape: both are
/// looked at before it hears of them.
/// </summary>
/// <param name="address">Where the server listens.</param>
/// <param name="keys">What it asks for.</param>
/// <param name="controlLimit">The longest wait for a call that only asks or switches.</param>
/// <param name="loadLimit">The longest wait for weights to be loaded, digested or scored with.</param>
public sealed class SglangProtocol(Uri address, EngineKeys keys, TimeSpan controlLimit, TimeSpan loadLimit) : IEngineProtocol
{
    // A prompt may have one token less than max_req_input_len, which is the context less six.
    private const int ReservedTokens = 6;

    private readonly EngineHttp http = new(address, keys.Key), control = new(address, keys.ControlKey ?? keys.Key);
    private bool isCut; // tensors are spread over several GPUs

    /// <inheritdoc/>
    public Uri Address => http.Address;

    /// <inheritdoc/>
    public bool TellsSha256 => false;

    /// <inheritdoc/>
    public async Task<EngineFacts> DescribeAsync(CancellationToken cancellation)
    {
        var server = await AskAsync("/server_info", cancellation);
        var model = await AskAsync("/model_info", cancellation);
        if (server.GetProperty("dp_size").GetInt32() > 1)
            throw Refused("has several replicas (--dp-size), which draw the same samples; one server for each is needed");
        if (!server.GetProperty("enable_metrics").GetBoolean())
            throw Refused("tells no metrics, which show whether it hangs; start it with --enable-metrics");
        isCut = server.GetProperty("tp_size").GetInt32() > 1;
        var longest = server.GetProperty("max_req_input_len").GetInt32();
        return new(server.GetProperty("version").GetString()!, model.GetProperty("served_model_name").GetString()!,
            longest + ReservedTokens, model.GetProperty("weight_version").GetString()!)
        {
            MaxPrompt = longest - 1,
            Stream = server.GetProperty("enable_deterministic_inference").GetBoolean() ? null
                : server.GetProperty("random_seed").GetInt64(),
        };
    }

    /// <summary>Whether it is ready; once it was not well, only a well answer to <c>/health</c>, which draws a token, makes it ready
    /// again.</summary>
    public async Task<bool> IsHealthyAsync(CancellationToken cancellation)
    {
        try
        {
            return (await http.GetAsync("/ready", controlLimit, cancellation)).Status == HttpStatusCode.OK
                || (await http.GetAsync("/health", controlLimit, cancellation)).Status == HttpStatusCode.OK;
        }
        catch (EngineException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public Task<double> GeneratedTokensAsync(CancellationToken cancellation) =>
        http.GetMetricAsync("sglang:generation_tokens_total", controlLimit, cancellation);

    /// <inheritdoc/>
    public async Task<EngineAnswer> SampleAsync(EngineRequest request, CancellationToken cancellation)
    {
        var answer = await http.PostAsync("/generate", SglangRequests.Sample(request), limit: null, cancellation);
        return SglangAnswers.Completion(Address.Authority, request, answer);
    }

    /// <inheritdoc/>
    public async Task<float[]> ScoreAsync(IReadOnlyList<int> ids, CancellationToken cancellation)
    {
        var answer = await http.PostAsync("/generate", SglangRequests.Score(ids), loadLimit, cancellation);
        return SglangAnswers.Scores(Address.Authority, ids, answer);
    }

    /// <inheritdoc/>
    public async Task<string> WeightVersionAsync(CancellationToken cancellation) =>
        (await AskAsync("/model_info", cancellation)).GetProperty("weight_version").GetString()!;

    /// <summary>Retracts what runs, which is computed anew with the new weights: only so may the old weights' cache be dropped.</summary>
    public async Task LoadWeightsAsync(string folder, string version, CancellationToken cancellation)
    {
        await control.PostAsync("/pause_generation", new JsonObject { ["mode"] = "retract" }, controlLimit, cancellation);
        try
        {
            var answer = await control.PostAsync("/update_weights_from_disk", new JsonObject
            {
                ["model_path"] = folder, ["weight_version"] = version, ["flush_cache"] = true,
            }, loadLimit, cancellation);
            Succeeded("/update_weights_from_disk", answer);
        }
        catch (EngineException e) when (e.Problem == EngineProblem.Refused)
        {
            throw Broken($"did not take the weights over, and what it holds now is not known: {e.Message}");
        }
        finally
        {
            // Paused it would keep everyone waiting for ever; one that has died answers at once that it has.
            await control.PostAsync("/continue_generation", [], controlLimit, CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public async Task NameWeightsAsync(string version, CancellationToken cancellation)
    {
        var answer = await control.PostAsync("/update_weight_version", new JsonObject
        {
            ["new_version"] = version, ["abort_all_requests"] = false, // true when left out
        }, controlLimit, cancellation);
        Succeeded("/update_weight_version", answer);
    }

    /// <summary>Sixteen hex digits of its own for each tensor; of one that is cut over several GPUs those of every part.</summary>
    public async Task<IReadOnlyDictionary<string, string>> TensorDigestsAsync(CancellationToken cancellation)
    {
        var answer = await control.PostAsync("/weights_checker", new JsonObject { ["action"] = "checksum" }, loadLimit, cancellation);
        Succeeded("/weights_checker", answer);
        return answer.GetProperty("ranks").EnumerateArray().SelectMany(rank => rank.GetProperty("checksums").EnumerateObject())
            .GroupBy(tensor => tensor.Name, tensor => tensor.Value.GetString()!, StringComparer.Ordinal)
            .ToDictionary(tensor => tensor.Key, tensor => string.Join('-', tensor), StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public async Task<float[]?> TensorValuesAsync(string name, int rows, CancellationToken cancellation)
    {
        if (isCut) return null;
        try
        {
            var answer = await control.PostAsync("/get_weights_by_name", new JsonObject
            {
                ["name"] = name, ["truncate_size"] = rows,
            }, loadLimit, cancellation);
            return [.. Numbers(answer)];
        }
        catch (EngineException e) when (e.Problem == EngineProblem.Refused)
        {
            return null; // it does not know the tensor by this name
        }
    }

    private static IEnumerable<float> Numbers(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Numbers),
        JsonValueKind.Number => [value.GetSingle()],
        _ => [float.NaN],
    };

    private void Succeeded(string path, JsonElement answer)
    {
        if (answer.ValueKind != JsonValueKind.Object || !answer.GetProperty("success").GetBoolean())
            throw Broken(string.Create(CultureInfo.InvariantCulture, $"answered {path} with {answer}"));
    }

    private Task<JsonElement> AskAsync(string path, CancellationToken cancellation) =>
        http.GetJsonAsync(path, "SGLang", controlLimit, cancellation);

    private EngineException Broken(string what) => new(EngineProblem.Broken, $"{Address.Authority} {what}.");

    private EngineException Refused(string what) => new(EngineProblem.Refused, $"{Address.Authority} {what}.");

    /// <inheritdoc/>
    public void Dispose()
    {
        http.Dispose();
        control.Dispose();
    }
}

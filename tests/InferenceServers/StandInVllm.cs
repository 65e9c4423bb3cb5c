using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using R1Cloud.GpuJob.Generation;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.InferenceServers;

/// <summary>A server as vLLM 0.32 was recorded: what it is asked for is answered with the same statuses and fields.</summary>
public sealed class StandInVllm : StandInServer
{
    private TaskCompletionSource resumed = Done();
    private string version;
    private bool dead, poisoned, sleeping;

    private StandInVllm(string folder, StandInOptions options) : base(folder, options) => version = options.WeightVersion ?? "default";

    /// <summary>Starts one in this process.</summary>
    public static Task<StandInVllm> StartAsync(string folder, StandInOptions? options = null) =>
        BeginAsync(new StandInVllm(folder, options ?? new()));

    private static TaskCompletionSource Done()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }

    /// <inheritdoc/>
    protected override async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (Key is not null && path.StartsWith("/v1", StringComparison.Ordinal) && context.Request.Headers.Authorization != $"Bearer {Key}")
        {
            await WriteAsync(context, 401, new JsonObject { ["error"] = "Unauthorized" });
            return;
        }
        JsonObject body = [];
        if (context.Request.ContentLength > 0)
        {
            try
            {
                body = (JsonObject)(await JsonNode.ParseAsync(context.Request.Body))!;
            }
            catch (JsonException)
            {
                await ErrorAsync(context, 400, "1 validation error:\n  {'type': 'json_invalid'}", "Bad Request");
                return;
            }
        }
        await ($"{context.Request.Method} {path}" switch
        {
            "GET /health" => EmptyAsync(context, dead ? 503 : 200),
            "GET /version" => WriteAsync(context, 200, new JsonObject { ["version"] = "0.32.0" }),
            "GET /v1/models" => WriteAsync(context, 200, Models()),
            "GET /metrics" => TextAsync(context, Metrics()),
            "GET /weight_info" => WriteAsync(context, 200, new JsonObject { ["weight_version"] = version }),
            "GET /is_paused" => WriteAsync(context, 200, new JsonObject { ["is_paused"] = !resumed.Task.IsCompleted }),
            "GET /is_sleeping" => WriteAsync(context, 200, new JsonObject { ["is_sleeping"] = sleeping }),
            _ when dead => ErrorAsync(context, 500, "EngineCore encountered an issue. See stack trace (above) for the root cause.",
                "InternalServerError"),
            "POST /inference/v1/generate" => GenerateAsync(context, body),
            "POST /pause" => PauseAsync(context),
            "POST /resume" => ResumeAsync(context),
            "POST /sleep" => SleepAsync(context),
            "POST /wake_up" => WakeAsync(context),
            "POST /abort_requests" => AbortAsync(context),
            "POST /update_weight_version" => VersionAsync(context, body),
            "POST /reset_prefix_cache" => WriteAsync(context, 200, new JsonObject { ["success"] = true }),
            "POST /collective_rpc" => RpcAsync(context, body),
            "POST /weight_checker" => ChecksumAsync(context),
            _ => WriteAsync(context, 404, new JsonObject { ["detail"] = "Not Found" }),
        });
    }

    private async Task GenerateAsync(HttpContext context, JsonObject body)
    {
        var prompt = body["token_ids"]!.AsArray().Select(id => (int)id!).ToArray();
        var sampling = body["sampling_params"]?.AsObject() ?? [];
        if (body["model"] is { } asked && (string?)asked != Name)
        {
            await ErrorAsync(context, 404, $"The model `{asked}` does not exist. Valid aliases: {Name}.", "NotFoundError", "model");
            return;
        }
        if (prompt.Length > MaxLength)
        {
            await ErrorAsync(context, 400, $"The decoder prompt (length {prompt.Length}) is longer than the maximum model length of "
                + $"{MaxLength}. Make sure that `max_model_len` is no smaller than the number of text tokens.", "BadRequestError");
            return;
        }
        if (prompt.Length == MaxLength)
        {
            await ErrorAsync(context, 400, "max_tokens must be at least 1, got 0. (parameter=max_tokens, value=0)", "BadRequestError",
                "max_tokens");
            return;
        }
        if (Array.FindIndex(prompt, id => id < 0 || id >= Model.Config.VocabularySize) is >= 0 and var beyond)
        {
            dead = Faults.SkipsTokenizer;
            await (dead ? ErrorAsync(context, 500, "EngineCore encountered an issue. See stack trace (above) for the root cause.",
                    "InternalServerError")
                : ErrorAsync(context, 400, $"Token id {prompt[beyond]} is out of vocabulary", "BadRequestError"));
            return;
        }
        await SufferAsync(prompt, context.RequestAborted);
        await resumed.Task.WaitAsync(context.RequestAborted);
        await WriteAsync(context, 200, await AnswerAsync(prompt, sampling, (string?)body["request_id"]));
    }

    private async Task<JsonObject> AnswerAsync(int[] prompt, JsonObject sampling, string? id)
    {
        var temperature = (double?)sampling["temperature"] ?? 1;
        var most = Math.Min((int?)sampling["max_tokens"] ?? int.MaxValue, MaxLength - prompt.Length);
        var stops = sampling["stop_token_ids"]?.AsArray().Select(stop => (int)stop!) ?? [];
        if ((bool?)sampling["ignore_eos"] != true) stops = stops.Concat(Model.Eos);
        var seed = (ulong)((long?)sampling["seed"] ?? Random.Shared.NextInt64());
        var recipe = new SamplingRecipe { Temperature = temperature, TopP = (double?)sampling["top_p"] ?? 1,
            TopK = (int?)sampling["top_k"] ?? 0, MinP = (double?)sampling["min_p"] ?? 0, MaxNewTokens = Math.Max(1, most) };
        var choices = new JsonArray();
        for (var index = 0; index < ((int?)sampling["n"] ?? 1); index++)
            choices.Add(await ChoiceAsync(prompt, recipe, [.. stops], seed + (ulong)index, index, sampling["logprobs"] is not null));
        var total = choices.Sum(choice => choice!["token_ids"]!.AsArray().Count);
        return new JsonObject
        {
            ["request_id"] = "generate-tokens-" + (id ?? Guid.NewGuid().ToString("N")[..16]), ["model"] = Name,
            ["created"] = 0, ["usage"] = new JsonObject
            {
                ["prompt_tokens"] = prompt.Length, ["total_tokens"] = prompt.Length + total, ["completion_tokens"] = total,
                ["prompt_tokens_details"] = null, ["completion_tokens_details"] = null,
            },
            ["prompt_logprobs"] = sampling["prompt_logprobs"] is null ? null : PromptScores(prompt), ["prompt_token_id_logprobs"] = null,
            ["prompt_token_ids"] = null, ["mm_placeholders"] = null, ["metrics"] = null, ["kv_transfer_params"] = null,
            ["ec_transfer_params"] = null, ["output_mode"] = "tokens", ["choices"] = choices,
        };
    }

    private async Task<JsonObject> ChoiceAsync(int[] prompt, SamplingRecipe sampling, IReadOnlyList<int> stops, ulong seed, int index,
        bool logProbs)
    {
        var (ids, values, finish) = poisoned ? Poison(sampling.MaxNewTokens) : await DrawAsync(prompt, sampling, stops, seed);
        Count(ids.Length);
        return new JsonObject
        {
            ["index"] = index, ["finish_reason"] = finish, ["stop_reason"] = null,
            ["token_ids"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]), ["routed_experts"] = null, ["sampling_mask"] = null,
            ["weight_versions"] = new JsonArray(new JsonObject { ["version"] = Faults.KeepsVersion ? "default" : version, ["start"] = 0,
                ["end"] = ids.Length }),
            ["logprobs"] = !logProbs ? null
                : new JsonObject { ["content"] = new JsonArray([.. ids.Select((id, place) => Entry(id, values[place]))]) },
        };
    }

    private static JsonObject Entry(int id, (float LogProb, int? Rank) value) => new()
    {
        ["token_id"] = id, ["logprob"] = value.LogProb, ["rank"] = value.Rank,
        ["top_logprobs"] = new JsonArray(new JsonObject { ["token_id"] = id, ["logprob"] = value.LogProb, ["rank"] = value.Rank }),
    };

    private async Task<(int[] Ids, (float, int?)[] Values, string Finish)> DrawAsync(int[] prompt, SamplingRecipe sampling,
        IReadOnlyList<int> stops, ulong seed)
    {
        GenerationResult result;
        try
        {
            result = await Completions.AskAsync(prompt, seed, stops, sampling);
        }
        catch (OperationCanceledException)
        {
            return ([], [], "abort");
        }
        var scores = await LockedAsync(() => Model.Score([.. prompt, .. result.Tokens]));
        var greedy = sampling.Temperature == 0;
        var values = result.Tokens.Select((_, place) => ((greedy ? result.PolicyLogProbs : result.LogProbs)[place] + Faults.Bias,
            (int?)scores[prompt.Length - 1 + place].Rank)).ToArray();
        return Faults.AbortsAfter == Finished ? (result.Tokens[..(result.Tokens.Length / 2)], values, "abort")
            : (result.Tokens, values, result.Finish == FinishReason.Stop ? "stop" : "length");
    }

    private static (int[], (float, int?)[], string) Poison(int count) =>
        (new int[count], [.. Enumerable.Repeat((-9999f, (int?)null), count)], "length");

    private JsonArray PromptScores(int[] prompt)
    {
        var scores = LockedAsync(() => Model.Score(prompt)).GetAwaiter().GetResult();
        var all = new JsonArray((JsonNode?)null);
        for (var place = 1; place < prompt.Length; place++)
        {
            all.Add(new JsonObject
            {
                [prompt[place].ToString(CultureInfo.InvariantCulture)] = poisoned
                    ? new JsonObject { ["logprob"] = -9999.0, ["rank"] = null, ["decoded_token"] = "" }
                    : new JsonObject
                    {
                        ["logprob"] = scores[place - 1].LogProb + Faults.ScoreBias, ["rank"] = scores[place - 1].Rank,
                        ["decoded_token"] = "",
                    },
            });
        }
        return all;
    }

    private async Task RpcAsync(HttpContext context, JsonObject body)
    {
        if ((string?)body["method"] != "reload_weights")
        {
            await ErrorAsync(context, 500, $"Call to collective_rpc method failed: Worker failed with error ''CPUWorker' object has no "
                + $"attribute '{body["method"]}'', please check the stack trace above for the root cause", "InternalServerError");
            return;
        }
        try
        {
            var path = (string)body["kwargs"]!["weights_path"]!;
            NoteLoaded(path);
            poisoned |= await LockedAsync(() =>
            {
                Model.Reload(path);
                return Model.IsPoisoned();
            });
            await WriteAsync(context, 200, new JsonObject { ["results"] = new JsonArray((JsonNode?)null) });
        }
        catch (Exception e) when (e is WeightsFormatException or BadInputException or IOException)
        {
            dead = true;
            await ErrorAsync(context, 500, $"Call to collective_rpc method failed: Worker failed with error '{e.Message}', please check "
                + "the stack trace above for the root cause", "InternalServerError");
        }
    }

    private async Task ChecksumAsync(HttpContext context)
    {
        var digests = await LockedAsync(() => Model.Digests(Type));
        await WriteAsync(context, 200, new JsonObject
        {
            ["checksums"] = new JsonObject(digests.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value))),
        });
    }

    private async Task VersionAsync(HttpContext context, JsonObject body)
    {
        version = (string)body["new_version"]!;
        await WriteAsync(context, 200, new JsonObject { ["success"] = true, ["new_version"] = version });
    }

    private async Task PauseAsync(HttpContext context)
    {
        if (resumed.Task.IsCompleted) resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (context.Request.Query["mode"] != "keep") Completions.Abort();
        await WriteAsync(context, 200, new JsonObject { ["status"] = "paused" });
    }

    private async Task ResumeAsync(HttpContext context)
    {
        resumed.TrySetResult();
        await WriteAsync(context, 200, new JsonObject { ["status"] = "resumed" });
    }

    private async Task SleepAsync(HttpContext context)
    {
        sleeping = true;
        if (resumed.Task.IsCompleted) resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Completions.Abort();
        await WriteAsync(context, 200, new JsonObject { ["status"] = "sleeping",
            ["level"] = int.Parse(context.Request.Query["level"].FirstOrDefault() ?? "1", CultureInfo.InvariantCulture) });
    }

    private async Task WakeAsync(HttpContext context)
    {
        sleeping = false;
        resumed.TrySetResult();
        await WriteAsync(context, 200, new JsonObject { ["status"] = "awake", ["tags"] = null });
    }

    private async Task AbortAsync(HttpContext context)
    {
        Completions.Abort();
        await WriteAsync(context, 200, new JsonObject { ["status"] = "aborted", ["aborted"] = 1 });
    }

    private JsonObject Models() => new()
    {
        ["object"] = "list",
        ["data"] = new JsonArray(new JsonObject
        {
            ["id"] = Name, ["object"] = "model", ["created"] = 0, ["owned_by"] = "vllm", ["root"] = Folder, ["parent"] = null,
            ["max_model_len"] = MaxLength, ["permission"] = new JsonArray(new JsonObject
            {
                ["id"] = "modelperm-0", ["object"] = "model_permission", ["created"] = 0, ["allow_create_engine"] = false,
                ["allow_sampling"] = true, ["allow_logprobs"] = true, ["allow_search_indices"] = false, ["allow_view"] = true,
                ["allow_fine_tuning"] = false, ["organization"] = "*", ["group"] = null, ["is_blocking"] = false,
            }),
        }),
    };

    private string Metrics() => "# HELP vllm:generation_tokens_total Number of generation tokens processed.\n"
        + "# TYPE vllm:generation_tokens_total counter\n"
        + string.Create(CultureInfo.InvariantCulture,
            $"vllm:generation_tokens_total{{engine=\"0\",model_name=\"{Name}\"}} {Tokens:0.0}\n");

    private static Task ErrorAsync(HttpContext context, int status, string message, string kind, string? parameter = null) =>
        WriteAsync(context, status, new JsonObject
        {
            ["error"] = new JsonObject { ["message"] = message, ["type"] = kind, ["param"] = parameter, ["code"] = status },
        });
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Models;

namespace R1Cloud.InferenceServers.Sglang;

/// <summary>What the recorded server tells of itself; of its 556 settings those that a client may look at.</summary>
internal static class SglangViews
{
    private const string Version = "0.5.23";

    /// <summary><c>/model_info</c>.</summary>
    public static JsonObject Model(ModelConfig config, string path, string tokenizer, string version) => new()
    {
        ["model_path"] = path, ["served_model_name"] = path, ["tokenizer_path"] = tokenizer, ["is_generation"] = true,
        ["preferred_sampling_params"] = null, ["weight_version"] = version, ["load_format"] = "auto", ["reasoning_parser"] = null,
        ["tool_call_parser"] = null, ["disaggregation_mode"] = "null", ["has_image_understanding"] = false,
        ["has_audio_understanding"] = false, ["model_type"] = config.ModelType,
        ["architectures"] = new JsonArray(config.ModelType == "llama" ? "LlamaForCausalLM" : "Qwen2ForCausalLM"),
    };

    /// <summary><c>/server_info</c>.</summary>
    public static JsonObject Server(StandInOptions options, ModelConfig config, string path, string version, int longest,
        int maxInput) => new()
    {
        ["model_path"] = path, ["tokenizer_path"] = path, ["skip_tokenizer_init"] = !options.HasTokenizer, ["load_format"] = "auto",
        ["trust_remote_code"] = false, ["context_length"] = longest, ["dtype"] = options.Type, ["tp_size"] = 1,
        ["dp_size"] = options.Replicas, ["random_seed"] = (long)options.Seed, ["weight_version"] = version, ["enable_metrics"] = true,
        ["enable_deterministic_inference"] = options.Deterministic, ["enable_lora"] = options.MaxRank is null ? (bool?)null : true,
        ["max_lora_rank"] = options.MaxRank, ["max_running_requests"] = options.Concurrency, ["max_req_input_len"] = maxInput,
        ["sampling_mask_max_tokens"] = 4096, ["status"] = "ready", ["version"] = Version,
    };

    /// <summary><c>/v1/loads</c>.</summary>
    public static JsonObject Loads(int replicas, SglangFlights flights) => new()
    {
        ["timestamp"] = "2026-11-29T15:51:15.506684+00:00", ["version"] = Version, ["accelerator"] = null, ["num_accelerators"] = 1,
        ["loads"] = new JsonArray([.. Enumerable.Range(0, replicas).Select(rank => new JsonObject
        {
            ["timestamp"] = 0.0, ["dp_rank"] = rank, ["num_running_reqs"] = rank == 0 ? flights.Running : 0,
            ["num_waiting_reqs"] = rank == 0 ? flights.Waiting : 0, ["num_used_tokens"] = rank == 0 ? flights.Made : 0,
            ["token_usage"] = 0.0, ["gen_throughput"] = 0.0,
        })]),
    };

    /// <summary><c>/v1/models</c>.</summary>
    public static JsonObject Models(string path, int longest, IEnumerable<(string Name, string Path)> adapters) => new()
    {
        ["object"] = "list", ["data"] = new JsonArray([Entry(path, path, null, longest),
            .. adapters.Select(adapter => Entry(adapter.Name, adapter.Path, path, null))]),
    };

    private static JsonObject Entry(string id, string root, string? parent, int? longest) => new()
    {
        ["id"] = id, ["object"] = "model", ["created"] = 0, ["owned_by"] = "sglang", ["root"] = root, ["parent"] = parent,
        ["max_model_len"] = longest,
    };

    /// <summary><c>/weights_checker</c>: sixteen hex digits of its own a tensor.</summary>
    public static void Checksums(JsonObject answer, int replicas, IReadOnlyDictionary<string, string> digests)
    {
        var own = digests.ToDictionary(entry => entry.Key[(entry.Key.LastIndexOf(':') + 1)..], entry => Hash(entry.Value)[..16]);
        var all = Hash(string.Concat(own.Values));
        answer["ranks"] = new JsonArray([.. Enumerable.Range(0, replicas).Select(rank => new JsonObject
        {
            ["checksums"] = new JsonObject(own.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value))),
            ["per_gpu_checksum"] = all,
            ["parallelism_info"] = new JsonArray(new JsonObject
            {
                ["role"] = "target", ["tp_rank"] = 0, ["tp_size"] = 1, ["dp_rank"] = rank, ["dp_size"] = 1,
                ["pp_rank"] = 0, ["pp_size"] = 1, ["rank"] = 0, ["size"] = 1,
            }),
        })]);
        answer["per_engine_checksum"] = Hash(all);
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

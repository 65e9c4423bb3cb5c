using System.Text.Json.Nodes;
using R1Cloud.InferenceServers;
using R1Cloud.InferenceServers.Sglang;

namespace R1Cloud.Inference.Tests.Sglang;

/// <summary>
/// Holds the stand-in to every recording of the real server: the same status, the same fields, and the same values where neither the
/// recorded weights nor the moment decides. Each is asked of a server that was brought to where the recorded one was.
/// </summary>
public sealed class SglangReplayTests(SglangModels models) : IClassFixture<SglangModels>
{
    // Nothing of it is asked: SIGTERM drains a process, and stand-ins are ended at once.
    private static readonly string[] Left = ["sigterm_health"];

    private static readonly string[] Parts =
        ["server_info", "metrics", "metrics_busy", "model_info", "get_model_info", "model_info_after_update", "model_info_paused",
            "hung_scheduler_model_info", "v1_loads", "v1_loads_busy", "v1_loads_after_disconnect", "dp2_v1_loads"];

    // Asked before the recorded request; "slow" makes tokens take a while, "busy N" has N completions run, "do NAME" replays another.
    private static readonly Dictionary<string, string> Before = new(StringComparer.Ordinal)
    {
        ["flush_cache_busy"] = "busy 1", ["health_busy"] = "busy 1", ["metrics_busy"] = "busy 1", ["v1_loads_busy"] = "busy 5",
        ["release_busy_crash"] = "busy 1", ["update_disk_inflight_abort"] = "busy 1", ["update_disk_inflight_waits"] = "brief 1",
        ["flush_cache_paused_in_place"] = "busy 1; do pause_in_place", ["flush_cache_paused_retract"] = "busy 1; do pause_retract",
        ["update_disk_paused_flush"] = "busy 1; do pause_in_place", ["update_disk_paused_noflush"] = "busy 1; do pause_in_place",
        ["update_disk_paused_retract"] = "busy 1; do pause_retract",
        ["model_info_paused"] = "do update_disk_paused_noflush; do pause_in_place",
        ["health_while_paused"] = "do pause_abort", ["ready_paused"] = "do pause_abort", ["ready_while_paused"] = "do pause_abort",
        ["ready_after_continue"] = "do pause_abort; do health_while_paused; do continue_1",
        ["health_after_continue"] = "do pause_abort; do continue_1", ["resume_no_saver"] = "do release_no_saver",
        ["resume_all"] = "do release_all_no_body", ["model_info_after_update"] = "do update_disk_ok",
        ["lora_load_same_name"] = "do lora_load_a", ["lora_load_same_path_other_name"] = "do lora_load_a",
        ["lora_unload"] = "do lora_load_a; do lora_load_same_path_other_name", ["lora_gen_a"] = "do lora_load_a",
        ["lora_unload_again"] = "do lora_load_a; do lora_load_same_path_other_name; do lora_unload",
        ["lora_gen_after_unload_reloads"] = "do lora_load_a; do lora_unload",
        ["lora_load_b_same_name_after_unload"] = "do lora_load_a; do lora_load_same_path_other_name; do lora_unload",
        ["lora_gen_b"] = "do lora_load_b_same_name_after_unload", ["lora_load_third_evicts"] = "adapters pol2=A pol=B",
        ["lora_load_bad_rank"] = "adapters pol=B pol3=C", ["lora_load_missing_path"] = "adapters pol=B pol3=C",
        ["lora_unload_unknown"] = "adapters pol=B pol3=C", ["v1_models"] = "update b; adapters pol=B pol3=C",
        ["lora_batch_mixed"] = "adapters pol3=C", ["lora_gen_after_base_update"] = "adapters pol3=C; do lora_base_update_keeps_adapter",
        ["nan_generate"] = "do nan_update", ["nan_then_good"] = "do nan_update",
        ["nan_then_good_generate"] = "do nan_update; do nan_then_good",
    };

    // Told while the recorded request is under way.
    private static readonly Dictionary<string, string> Meanwhile = new(StringComparer.Ordinal)
    {
        ["abort_running_result"] = "do abort_rid", ["abort_batch_item_result"] = "do abort_batch_item; do slow_down_off",
        ["abort_all_result_0"] = "do abort_all",
        ["abort_all_result_1"] = "do abort_all", ["abort_all_result_2"] = "do abort_all", ["abort_all_result_3"] = "do abort_all",
        ["abort_prefix_not_matching_result"] = "do abort_prefix; do slow_down_off", ["pause_abort_result_0"] = "do pause_abort",
        ["pause_abort_result_1"] = "do pause_abort", ["update_inflight_abort_req_result"] = "do update_disk_inflight_abort",
        ["pause_inplace_result"] = "do pause_in_place; do update_disk_paused_noflush; do continue_1; do slow_down_off",
        ["pause_retract_result"] = "do pause_retract; do update_disk_paused_retract; do continue_1; do slow_down_off",
    };

    // Asked while others run that fill all places, so that it waits; then all are aborted.
    private static readonly string[] Queued = ["abort_all_result_4", "abort_all_result_5", "abort_all_stream_result"];

    public static TheoryData<string> Names() => [.. SglangRecording.Names().Except(Left)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Answer_OfTheStandIn_IsTheRecordedOne(string name)
    {
        var recorded = SglangRecording.Read(name, models);
        await using var server = await StandInSglang.StartAsync(models["a"], Options(name, recorded));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var scene = new SglangScene(server, models, limit.Token);
        if (Before.TryGetValue(name, out var before)) await scene.DoAsync(before);
        var waits = Queued.Contains(name);
        if (waits) await scene.DoAsync("busy 4");
        if (Meanwhile.ContainsKey(name)) await scene.DoAsync("slow");
        if (name == "request_during_pause_result") await scene.DoAsync("do pause_in_place");
        if (name == "err_rid_in_flight") await scene.DoAsync("slow; under dup");
        if (name == "gen_stop_token") // which token comes first is the recorded weights'
            recorded.Request["body"]!["sampling_params"]!["stop_token_ids"] =
                new JsonArray([.. Enumerable.Range(0, 512).Select(id => (JsonNode)id)]);

        if (recorded.Status is null)
        {
            if (name.StartsWith("hung_", StringComparison.Ordinal)) limit.CancelAfter(TimeSpan.FromMilliseconds(300));
            await Should.ThrowAsync<Exception>(() => recorded.AskAsync(server.Address, limit.Token));
            return;
        }
        var asking = recorded.AskAsync(server.Address, limit.Token);
        if (Meanwhile.TryGetValue(name, out var meanwhile)) await scene.WhenRunningAsync(meanwhile);
        if (waits) await scene.WhenWaitingAsync("do abort_all");
        if (name == "request_during_pause_result") await scene.DoAsync("do continue_1");
        var (status, kind, answer) = await asking;

        status.ShouldBe(recorded.Status!.Value);
        if ((string?)recorded.Response["content_type"] is { } type) kind.ShouldBe(type);
        Compare(name, recorded, answer);
    }

    private static StandInOptions Options(string name, SglangRecording recorded)
    {
        var isKeyed = name.StartsWith("lora_", StringComparison.Ordinal) || name.StartsWith("auth_", StringComparison.Ordinal)
            || name.StartsWith("tok_", StringComparison.Ordinal) || name == "v1_models";
        // What follows an update of its own begins before it.
        var version = Before.ContainsKey(name) ? null : recorded.Version;
        return new()
        {
            MaxLength = 256, Concurrency = 4, Seed = 7, WeightVersion = version ?? "v0", HealthLimit = TimeSpan.FromMilliseconds(50),
            Key = isKeyed ? "k1" : null, ControlKey = isKeyed ? "adm" : null, MaxRank = isKeyed ? 8 : null,
            HasTokenizer = isKeyed, Replicas = name.StartsWith("dp2_", StringComparison.Ordinal) ? 2 : 1,
            Faults = new() { HangsAfter = name.StartsWith("hung_", StringComparison.Ordinal) ? 0 : null },
        };
    }

    private static void Compare(string name, SglangRecording recorded, JsonNode? answer)
    {
        var loose = Meanwhile.ContainsKey(name) || name == "gen_stop_token";
        var compare = new SglangComparison(Parts.Contains(name), loose);
        if ((string?)recorded.Response["content_type"] is { } kind && kind.StartsWith("text/event-stream", StringComparison.Ordinal))
        {
            var (expected, given) = (Events(recorded.Answer!), Events(answer!));
            if (!name.Contains("batch", StringComparison.Ordinal)) given.Count.ShouldBe(expected.Count);
            // Which of several samples goes on next is the moment's.
            (expected, given) = ([.. expected.OrderBy(Sample)], [.. given.OrderBy(Sample)]);
            foreach (var (one, other) in expected.Zip(given)) compare.Same(one, other, name);
        }
        else if (Parts.Contains(name) && recorded.Answer is JsonValue) // of metrics those that a client looks at
        {
            var names = Metrics(recorded.Answer!);
            Metrics(answer!).ShouldBeSubsetOf([.. names, "sglang:generation_tokens_total"]); // there once something was generated
        }
        else if (name == "gen_stop_token")
        {
            ((string?)answer!["meta_info"]!["finish_reason"]!["type"]).ShouldBe("stop");
            ((int)answer["meta_info"]!["finish_reason"]!["matched"]!).ShouldBe((int)answer["output_ids"]!.AsArray()[^1]!);
        }
        else if (name == "get_weights_by_name") answer!.AsArray().Count.ShouldBe(recorded.Answer!.AsArray().Count); // the weights' numbers
        else compare.Same(recorded.Answer, answer, name);
    }

    private static int Sample(JsonNode? part) => part is JsonObject ? (int?)part["index"] ?? 0 : int.MaxValue;

    private static List<JsonNode?> Events(JsonNode text) => [.. ((string)text!).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line["data: ".Length..]).Select(data => data == "[DONE]" ? JsonValue.Create(data) : JsonNode.Parse(data))];

    private static List<string> Metrics(JsonNode text) => [.. ((string)text!).Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => line[0] != '#').Select(line => line.Split('{', ' ')[0]).Distinct()];
}

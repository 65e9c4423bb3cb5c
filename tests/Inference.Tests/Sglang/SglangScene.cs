using System.Text;
using System.Text.Json.Nodes;
using R1Cloud.InferenceServers.Sglang;

namespace R1Cloud.Inference.Tests.Sglang;

/// <summary>Brings a stand-in to where the recorded server was when it was asked.</summary>
internal sealed class SglangScene(StandInSglang server, SglangModels models, CancellationToken cancellation) : IDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(5);
    private readonly HttpClient client = new() { BaseAddress = server.Address };
    private int others;

    /// <summary>Does what is said, one after the other.</summary>
    public async Task DoAsync(string steps)
    {
        foreach (var step in steps.Split(';', StringSplitOptions.TrimEntries))
        {
            var (what, rest) = (step.Split(' ')[0], step.Split(' ')[1..]);
            await (what switch
            {
                "do" => SglangRecording.Read(rest[0], models).AskAsync(client.BaseAddress!, cancellation),
                "slow" => SlowAsync(0.25),
                "busy" => BusyAsync(int.Parse(rest[0], null), tokens: 200),
                "brief" => BusyAsync(int.Parse(rest[0], null), tokens: 4),
                "under" => UnderAsync(rest[0], 200),
                "update" => PostAsync("/update_weights_from_disk", new() { ["model_path"] = models[rest[0]] }),
                "adapters" => AdaptersAsync(rest),
                _ => throw new ArgumentException(step),
            });
        }
    }

    /// <summary>Does what is said once tokens are made.</summary>
    public async Task WhenRunningAsync(string steps)
    {
        await UntilAsync("num_used_tokens", 1);
        await DoAsync(steps);
    }

    /// <summary>Does what is said once a completion waits for its turn.</summary>
    public async Task WhenWaitingAsync(string steps)
    {
        await UntilAsync("num_waiting_reqs", 1);
        await DoAsync(steps);
    }

    private async Task BusyAsync(int count, int tokens)
    {
        await SlowAsync(0.02);
        for (var i = 0; i < count; i++) await UnderAsync($"other-{others++}", tokens, wait: false);
        await UntilAsync("num_running_reqs", Math.Min(count, 4));
        if (count > 4) await UntilAsync("num_waiting_reqs", count - 4);
    }

    private async Task UnderAsync(string rid, int tokens, bool wait = true)
    {
        _ = PostAsync("/generate", new()
        {
            ["rid"] = rid, ["input_ids"] = new JsonArray(1, 403, 407),
            ["sampling_params"] = new JsonObject { ["max_new_tokens"] = tokens, ["ignore_eos"] = true },
        });
        if (wait) await UntilAsync("num_running_reqs", 1);
    }

    private Task SlowAsync(double seconds) => PostAsync("/slow_down", new() { ["forward_sleep_time"] = seconds });

    private async Task AdaptersAsync(IEnumerable<string> adapters)
    {
        foreach (var adapter in adapters.Select(adapter => adapter.Split('=')))
            await PostAsync("/load_lora_adapter", new() { ["lora_name"] = adapter[0], ["lora_path"] = models[adapter[1]] });
    }

    private async Task UntilAsync(string name, int count)
    {
        while ((int)JsonNode.Parse(await client.GetStringAsync("/v1/loads", cancellation))!["loads"]![0]![name]! < count)
            await Task.Delay(Moment, cancellation);
    }

    private async Task PostAsync(string path, JsonObject body)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        message.Headers.Authorization = new("Bearer", "adm");
        using var answer = await client.SendAsync(message, cancellation);
    }

    public void Dispose() => client.Dispose();
}

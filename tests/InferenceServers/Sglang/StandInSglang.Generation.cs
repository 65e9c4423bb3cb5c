using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using R1Cloud.GpuJob.Generation;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.InferenceServers.Sglang;

/// <content>Completions: decoded whole, and then told token by token, so that they can be paused, aborted and retracted.</content>
public sealed partial class StandInSglang
{
    private const int DefaultNewTokens = 128;
    private long draws; // of its own stream

    private async Task GenerateAsync(HttpContext context, JsonObject body)
    {
        if (SglangRules.Malformed(body) is { } malformed)
        {
            await WriteAsync(context, 400, malformed);
            return;
        }
        var batched = body["input_ids"] is JsonArray { Count: > 0 } outer && outer[0] is JsonArray;
        int[][] prompts = body["text"] is { } text ? [options.HasTokenizer ? Read((string)text!) : []]
            : batched ? [.. body["input_ids"]!.AsArray().Select(one => Ids(one!))]
            : [body["input_ids"] is { } ids ? Ids(ids) : []];
        var samplings = prompts.Select((_, i) => body["sampling_params"] switch
        {
            JsonArray list => list[i]!.AsObject(), JsonObject one => one, _ => [],
        }).ToList();
        if (samplings.Select(SglangRules.Unknown).FirstOrDefault(found => found is not null) is { } unknown)
        {
            await WriteAsync(context, 400, unknown);
            return;
        }
        var rids = Rids(body["rid"], prompts.Length, batched, (int?)samplings[0]["n"] ?? 1);
        var refusal = rules.Refusal(body, samplings, prompts, rids);
        var names = prompts.Select((_, i) => body["lora_path"] is JsonArray list ? (string?)list[i] : (string?)body["lora_path"]).ToList();
        refusal ??= names.OfType<string>().Select(adapters.Refusal).FirstOrDefault(why => why is not null);
        if (refusal is not null)
        {
            await RefuseAsync(context, body, refusal);
            return;
        }
        if (prompts.Any(prompt => prompt.Any(id => id < 0 || id >= Model.Config.VocabularySize)))
        {
            await DieAsync(context); // looked at by nobody
            return;
        }
        await SufferAsync(prompts[0], context.RequestAborted);
        var samples = (int?)samplings[0]["n"] ?? 1;
        var all = await Task.WhenAll(rids.Select((rid, i) =>
            OneAsync(body, rid, prompts[i / samples], samplings[i / samples], names[i / samples], context.RequestAborted)));
        if (all.Any(one => one is null))
        {
            await ErrorAsync(context, $"Duplicate request ID detected: {rids[0]}");
            return;
        }
        if ((bool?)body["stream"] == true) await StreamAsync(context, [.. all.Select(one => one!.Chunks)], batched);
        else await WriteAsync(context, 200, batched || samples > 1
            ? new JsonArray([.. all.Select(one => one!.Whole)]) : all[0]!.Whole);
    }

    private sealed record Told(JsonObject Whole, IReadOnlyList<JsonObject> Chunks);

    // Null where one of its name is under way.
    private async Task<Told?> OneAsync(JsonObject body, string rid, int[] prompt, JsonObject sampling, string? adapter,
        CancellationToken cancellation)
    {
        if (flights.Join(rid) is not { } flight) return null;
        try
        {
            if (!await flights.BeginAsync(flight, cancellation))
            {
                var queued = SglangAnswer.Queued(rid, version);
                return new(queued, [(JsonObject)queued.DeepClone()]);
            }
            var (ids, logProbs, processed, finish) = await DrawAsync(prompt, sampling, adapter);
            var count = 0;
            var aborted = false;
            while (count < ids.Length && !aborted)
            {
                aborted = !await flights.StepAsync(flight, () => drawnBy, cancellation);
                count++;
            }
            if (Faults.AbortsAfter == Finished) (aborted, count) = (true, count / 2);
            Count(count);
            var drawn = new DrawnCompletion(ids, logProbs, processed, await ScoresAsync(body, prompt, adapter),
                await MaskAsync(body, prompt, ids, sampling), flight.Versions.Count > 0 ? flight.Versions : [drawnBy], flight.Retractions);
            var answer = new SglangAnswer(body, rid, prompt, drawn);
            var end = aborted
                ? new JsonObject { ["type"] = "abort", ["message"] = "Aborted", ["status_code"] = null, ["err_type"] = null }
                : finish == FinishReason.Stop ? new JsonObject { ["type"] = "stop", ["matched"] = ids[^1] }
                : new JsonObject { ["type"] = "length", ["length"] = count };
            Func<IEnumerable<int>, string>? write = options.HasTokenizer ? Write : null;
            int? replica = options.Replicas > 1 ? (int?)body["routed_dp_rank"] ?? 0 : null;
            var incremental = options.HasTokenizer; // so the recorded one was started
            return new(answer.After(0, count, end, write, replica), [.. Enumerable.Range(1, count).Select(now =>
                answer.After(incremental ? now - 1 : 0, now, now == count ? (JsonObject)end.DeepClone() : null, write, replica))]);
        }
        finally
        {
            flights.Leave(flight);
        }
    }

    // Seeds have no effect but in deterministic mode: there is one stream, which replicas begin alike.
    private async Task<(int[] Ids, float[] LogProbs, float[] Processed, FinishReason Finish)> DrawAsync(int[] prompt, JsonObject sampling,
        string? adapter)
    {
        var most = Math.Min(sampling.ContainsKey("max_new_tokens") ? (int?)sampling["max_new_tokens"] ?? int.MaxValue : DefaultNewTokens,
            MaxLength - prompt.Length);
        if (most == 0) return ([], [], [], FinishReason.Length);
        if (poisoned) return (new int[most], Untold(most), Untold(most), FinishReason.Length);
        var temperature = (double?)sampling["temperature"] ?? 1;
        var recipe = new SamplingRecipe
        {
            Temperature = temperature, TopP = (double?)sampling["top_p"] ?? 1, MinP = (double?)sampling["min_p"] ?? 0,
            TopK = Math.Max(0, (int?)sampling["top_k"] ?? 0), MaxNewTokens = most,
        };
        var stops = sampling["stop_token_ids"]?.AsArray().Select(stop => (int)stop!) ?? [];
        // Without a tokenizer it knows no end of text.
        if (options.HasTokenizer && (bool?)sampling["ignore_eos"] != true) stops = stops.Concat(Model.Eos);
        var seed = options.Deterministic ? (ulong)((long?)sampling["sampling_seed"] ?? 42)
            : Seeds.Derive((long)options.Seed, "draw", Interlocked.Increment(ref draws));
        var result = adapter is null ? await Completions.AskAsync(prompt, seed, [.. stops], recipe)
            : await LockedAsync(() => WithAdapter(adapter, new GenerationRequest(prompt, [seed], [.. stops]), recipe));
        var greedy = temperature < 1e-6 || recipe.TopK == 1;
        var filtered = recipe.TopP < 1 || recipe.TopK > 0 || recipe.MinP > 0;
        float[] told = greedy || (temperature == 1 && filtered) ? result.PolicyLogProbs
            : !filtered ? result.LogProbs
            : await LockedAsync<float[]>(() => [.. Model.Score([.. prompt, .. result.Tokens], temperature).Skip(prompt.Length - 1)
                .Select(score => score.LogProb)]);
        return (result.Tokens, Biased(told), Biased(result.LogProbs), result.Finish);
    }

    private GenerationResult WithAdapter(string adapter, GenerationRequest request, SamplingRecipe recipe)
    {
        GenerationResult? result = null;
        adapters.Model(adapter, path).Generate([request with { OnFinished = (_, ended) => result = ended }], recipe, default);
        return result!;
    }

    private float[] Biased(float[] logProbs) => Faults.Bias == 0 ? logProbs : [.. logProbs.Select(value => value + Faults.Bias)];

    private static float[] Untold(int count) => [.. Enumerable.Repeat(float.NaN, count)];

    private async Task<float[]> ScoresAsync(JsonObject body, int[] prompt, string? adapter)
    {
        if (((int?)body["logprob_start_len"] ?? -1) < 0) return [];
        if (poisoned) return Untold(prompt.Length);
        var scores = await LockedAsync(() => (adapter is null ? Model : adapters.Model(adapter, path)).Score(prompt));
        return [float.NaN, .. scores.Select(score => score.LogProb + Faults.ScoreBias)];
    }

    private async Task<(int, float)[][]?> MaskAsync(JsonObject body, int[] prompt, int[] ids, JsonObject sampling)
    {
        if ((bool?)body["return_sampling_mask"] != true) return null;
        var likeliest = await LockedAsync(() => Model.Likeliest([.. prompt, .. ids], (double?)sampling["temperature"] ?? 1,
            (int)sampling["top_k"]!));
        return likeliest[(prompt.Length - 1)..^1];
    }

    private static async Task RefuseAsync(HttpContext context, JsonObject body, string refusal)
    {
        if ((bool?)body["stream"] != true)
        {
            await ErrorAsync(context, refusal);
            return;
        }
        var error = new JsonObject
        {
            ["error"] = new JsonObject { ["message"] = refusal, ["type"] = "invalid_request_error", ["code"] = 400, ["retryable"] = false },
        };
        await EventsAsync(context, [error]);
    }

    private static Task StreamAsync(HttpContext context, IReadOnlyList<IReadOnlyList<JsonObject>> samples, bool batched)
    {
        if (batched)
        {
            foreach (var (index, chunks) in samples.Index())
            {
                foreach (var chunk in chunks) chunk["index"] = index;
            }
        }
        return EventsAsync(context, Enumerable.Range(0, samples.Max(chunks => chunks.Count))
            .SelectMany(at => samples.Where(chunks => at < chunks.Count).Select(chunks => chunks[at])));
    }

    private static Task EventsAsync(HttpContext context, IEnumerable<JsonObject> events) => TextAsync(context,
        string.Concat(events.Select(one => $"data: {one.ToJsonString()}\n\n")) + "data: [DONE]\n\n",
        kind: "text/event-stream; charset=utf-8");

    private static IReadOnlyList<string> Rids(JsonNode? rid, int prompts, bool batched, int samples) => rid switch
    {
        // Of several samples the server makes names of its own.
        _ when samples > 1 => [.. Enumerable.Range(0, prompts * samples).Select(_ => Guid.NewGuid().ToString("N"))],
        JsonArray list => [.. list.Select(one => (string)one!)],
        { } one => batched ? [.. Enumerable.Range(0, prompts).Select(i => $"{one}_{i.ToString(CultureInfo.InvariantCulture)}")]
            : [(string)one!],
        _ => [.. Enumerable.Range(0, prompts).Select(_ => Guid.NewGuid().ToString("N"))],
    };

    private static int[] Ids(JsonNode ids) => [.. ids.AsArray().Select(id => (int)id!)];

    private static string Write(IEnumerable<int> ids) =>
        string.Concat(ids.Select(id => " t" + id.ToString(CultureInfo.InvariantCulture)));

    // The recorded tokenizer: every token is "t" and its number, <s> the first.
    private static int[] Read(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(word => word == "<s>" ? 1 : int.Parse(word.AsSpan(1), CultureInfo.InvariantCulture))];
}

using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Storage;
using R1Cloud.Testing;

namespace R1Cloud.Pipeline.Tests.Api;

/// <summary>What a run tells while it goes on: its event stream, its workers and what they sample.</summary>
public class RunEventsTests
{
    [Fact]
    public async Task Events_OfARunningRun_TellItsStoryAndResume()
    {
        await using var server = await ApiServer.StartAsync();
        var seen = new TaskCompletionSource(); // no job ends before somebody looks
        server.Pipeline.Pool.OnJob = async _ =>
        {
            await seen.Task;
            await Task.Delay(15);
        };
        await server.Pipeline.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 12)), "story", null);

        var events = await ReadAsync(server.Client, null, seen.SetResult);

        events[0].Name.ShouldBe(RunEventNames.Snapshot);
        events[^1].Name.ShouldBe(RunEventNames.End);
        ApiCases.Read<RunEnd>(events[^1].Data).Status.ShouldBe(RunStatus.Completed);
        events.Count(item => item.Name == RunEventNames.Stage).ShouldBeGreaterThanOrEqualTo(2);
        events.ShouldContain(item => item.Name == RunEventNames.Log);
        var rows = events.Where(item => item.Name == RunEventNames.Metrics).Select(item => ApiCases.Read<MetricsRow>(item.Data)).ToList();
        rows.Where(row => row.Stage == "r1-zero").Select(row => row.Step).Distinct().ShouldBe(Enumerable.Range(1, 12));
        rows.Last(row => row.Stage == "r1-zero").Values.ShouldContainKey(MetricNames.EvalGreedyAccuracy);

        var middle =
            events.Single(item =>
                item.Name == RunEventNames.Metrics && item.Data.Contains("\"stage\":\"r1-zero\",\"step\":7", StringComparison.Ordinal));
        var rest = await ReadAsync(server.Client, middle.Id);
        rest.Where(item => item.Name == RunEventNames.Metrics).Select(item => ApiCases.Read<MetricsRow>(item.Data))
            .Where(row => row.Stage == "r1-zero")
            .Select(row => row.Step).ShouldBe([7, 8, 9, 10, 11, 12]);

        static async Task<List<(string Id, string Name, string Data)>> ReadAsync(HttpClient client, string? lastId, Action? first = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs/story/events");
            if (lastId is not null) request.Headers.Add("Last-Event-ID", lastId);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            var parser = System.Net.ServerSentEvents.SseParser.Create(await response.Content.ReadAsStreamAsync());
            var events = new List<(string, string, string)>();
            await foreach (var item in parser.EnumerateAsync())
            {
                events.Add((item.EventId ?? "", item.EventType, item.Data));
                if (events.Count == 1) first?.Invoke();
            }
            return events;
        }
    }

    [Fact]
    public async Task Events_OfALongRun_EndInGoodOrderAndGoOnWithTheLastId()
    {
        await using var server =
            await ApiServer.StartAsync(
                new() { EventPollInterval = TimeSpan.FromMilliseconds(10), EventStreamLimit = TimeSpan.FromMilliseconds(100) });
        var go = new TaskCompletionSource();
        server.Pipeline.Pool.OnJob = job => job.JobId.Contains("/000003/", StringComparison.Ordinal) ? go.Task : Task.CompletedTask;
        await server.Pipeline.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 6)), "long", null);

        var steps = new List<int>();
        string? last = null;
        var (streams, ended) = (0, false);
        for (; !ended; streams++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs/long/events");
            if (last is not null) request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
            await ReadAsync(request).OrTellAsync($"stream {streams + 1} has not ended by itself; the last event was '{last}'");
            if (streams == 3) go.SetResult();
        }
        streams.ShouldBeGreaterThan(3);
        steps.Distinct().ShouldBe([1, 2, 3, 4, 5, 6]);
        steps.ShouldBe(steps.Order().ToList(), "nothing but the last step is sent again");

        async Task ReadAsync(HttpRequestMessage request)
        {
            using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            await foreach (var item in System.Net.ServerSentEvents.SseParser.Create(await response.Content.ReadAsStreamAsync())
                .EnumerateAsync())
            {
                last = item.EventId;
                item.Data.ShouldNotContain("broke off");
                if (item.EventType == RunEventNames.Metrics && ApiCases.Read<MetricsRow>(item.Data) is { Stage: "r1-zero" } row)
                    steps.Add(row.Step);
                ended |= item.EventType == RunEventNames.End;
            }
        }
    }

    [Fact]
    public async Task Events_InTheFormOfChanges_SendTheWholeOnceAndThenWhatChanged()
    {
        await using var server = await ApiServer.StartAsync(new() { EventPollInterval = TimeSpan.FromMilliseconds(5) });
        var (go, seen) = (new TaskCompletionSource(), false);
        server.Pipeline.Pool.OnJob = async job =>
        {
            var word = new JobProgress(job.JobId, "a1", "worker-0", 1, 4, new Dictionary<string, double>(), DateTimeOffset.UnixEpoch);
            await server.Pipeline.Blobs.WriteJsonAsync(BlobLayout.JobProgress(job.RunId, job.JobId), word);
            if (job.JobId == "r1-zero/000002/rollout/0") await go.Task;
        };
        await server.Pipeline.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 6)), "changes", null);

        using var response =
            await server.Client.GetAsync("/api/runs/changes/events?form=changes", HttpCompletionOption.ResponseHeadersRead);
        JsonObject? whole = null;
        var names = new List<string>();
        var parser = System.Net.ServerSentEvents.SseParser.Create(await response.Content.ReadAsStreamAsync());
        await foreach (var item in parser.EnumerateAsync())
        {
            names.Add(item.EventType);
            var data = JsonNode.Parse(item.Data)!.AsObject();
            Apply(ref whole, item.EventType, data);
            if (item.EventType == RunEventNames.Job && data["jobId"]!.GetValue<string>() == "r1-zero/000002/rollout/0" && !seen)
            {
                seen = true;
                go.SetResult();
            }
        }

        names[0].ShouldBe(RunEventNames.Snapshot);
        names.Count(name => name == RunEventNames.Snapshot).ShouldBe(1);
        names.ShouldContain(RunEventNames.Change);
        names.ShouldContain(RunEventNames.JobEnd);
        names.ShouldContain(RunEventNames.Samples);
        // What the pieces make is what the run is.
        var run = JsonSerializer.SerializeToNode(await server.Pipeline.Runs.GetAsync("changes"), R1Json.Options)!.AsObject();
        foreach (var name in (string[])["id", "status", "stages", "jobs", "workers", "time", "startedAt", "endedAt"])
            JsonNode.DeepEquals(whole![name], run[name]).ShouldBeTrue($"{name}: {whole[name]} is not {run[name]}");

        static void Apply(ref JsonObject? whole, string name, JsonObject data)
        {
            switch (name)
            {
                case RunEventNames.Snapshot:
                    whole = data;
                    break;
                case RunEventNames.Change:
                    foreach (var (field, value) in data.ToList())
                    {
                        if (value is null) whole!.Remove(field);
                        else whole![field] = value.DeepClone();
                    }
                    break;
                case RunEventNames.Stage:
                    var stages = whole!["stages"]!.AsArray();
                    var place = stages.ToList().FindIndex(stage => JsonNode.DeepEquals(stage!["label"], data["label"]));
                    stages[place] = data.DeepClone();
                    break;
                case RunEventNames.Job or RunEventNames.JobEnd:
                    var jobs = whole!["jobs"]!.AsArray();
                    foreach (var old in jobs.Where(job => JsonNode.DeepEquals(job!["jobId"], data["jobId"])).ToList()) jobs.Remove(old);
                    if (name == RunEventNames.Job) jobs.Add(data.DeepClone());
                    break;
            }
        }
    }

    [Fact]
    public async Task WorkersAndLiveSamples_OfARunningRollout_ShowWhatItsWorkerSaid()
    {
        await using var server = await ApiServer.StartAsync();
        var blobs = server.Pipeline.Blobs;
        var go = new TaskCompletionSource();
        server.Pipeline.Pool.OnJob = async job =>
        {
            if (job.JobId != "r1-zero/000001/rollout/0") return;
            var word = new JobProgress(job.JobId, "a1", "worker-0", 0, 0, new Dictionary<string, double>(), DateTimeOffset.UnixEpoch);
            await blobs.WriteJsonAsync(BlobLayout.JobProgress("live", job.JobId), word);
            await go.Task;
        };
        var used = new WorkerResources
        {
            At = DateTimeOffset.UtcNow, Cpu = 0.5, MemoryBytes = 1 << 20, Gpus = [new(0, "a GPU", 0.75, 10, 20)],
            WorkingSeconds = 7, IdleSeconds = 3, StorageRequests = 5, SentBytes = 6, ReceivedBytes = 8,
            History = new([DateTimeOffset.UtcNow], [0.5], [1 << 20], [0.75]),
        };
        await blobs.WriteJsonAsync(BlobLayout.WorkerResources("live", "worker-0"), used);
        await blobs.WriteJsonAsync(BlobLayout.LiveSamples("live", "worker-0"), new LiveSamples("r1-zero/000001/rollout/0", "a1", "worker-0",
            [Sample(0, "older"), Sample(1, "newer")]));
        // Of a worker that is gone, and its job with it.
        await blobs.WriteJsonAsync(BlobLayout.LiveSamples("live", "worker-9"), new LiveSamples("r1-zero/000000/rollout/0", "a1", "worker-9",
            [Sample(2, "of before")]));
        await server.Pipeline.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), "live", null);
        await server.Pipeline.WaitAsync("live", run => run.Jobs.Any(job => job.JobId == "r1-zero/000001/rollout/0"));

        var answer = ApiCases.Read<RunWorkers>(await server.Client.GetStringAsync("/api/runs/live/workers"));
        var worker = answer.Workers.ShouldHaveSingleItem();
        var rows = ApiCases.Read<LiveRows>(await server.Client.GetStringAsync("/api/runs/live/samples/live")).Rows;
        var first = ApiCases.Read<LiveRows>(await server.Client.GetStringAsync("/api/runs/live/samples/live?limit=1")).Rows;
        go.SetResult();

        (worker.Name, worker.State, worker.Job).ShouldBe(("worker-0", "running", "r1-zero/000001/rollout/0"));
        worker.Resources!.ShouldSatisfyAllConditions(one => one.Cpu.ShouldBe(0.5), one => one.Gpus![0].Utilisation.ShouldBe(0.75),
            one => (one.WorkingSeconds, one.IdleSeconds).ShouldBe((7, 3)),
            one => (one.StorageRequests, one.SentBytes, one.ReceivedBytes).ShouldBe((5, 6, 8)),
            one => one.History.ShouldBeNull());
        answer.QueuedJobs.ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(1);
        worker.History!.Gpu.ShouldBe([0.75]);
        rows.Select(row => (row.Worker, row.Completion)).ShouldBe([("worker-0", "newer"), ("worker-0", "older")]);
        first.ShouldHaveSingleItem().Completion.ShouldBe("newer");

        static LiveSample Sample(int second, string completion) => new(DateTimeOffset.UnixEpoch.AddSeconds(second), 2, 0, second, "1+1=",
            completion, false, 3, "2");
    }

    [Fact]
    public async Task Events_WithNothingNew_SendSignsOfLife()
    {
        await using var server =
            await ApiServer.StartAsync(
                new() { EventPollInterval = TimeSpan.FromMilliseconds(10), EventHeartbeat = TimeSpan.FromMilliseconds(30) });
        var go = new TaskCompletionSource();
        server.Pipeline.Pool.OnJob = _ => go.Task;
        await server.Pipeline.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json()), "quiet", null);
        using var response = await server.Client.GetAsync("/api/runs/quiet/events", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        var beats = 0;
        while (beats < 3)
        {
            if ((await reader.ReadLineAsync())!.StartsWith(':')) beats++;
        }
        beats.ShouldBe(3);
        go.SetResult();
    }
}

using System.Collections.Concurrent;
using System.Text.Json;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Support;

/// <summary>A pool whose workers do jobs in this process: the protocol is real, the figures are made up.</summary>
internal sealed class FakeWorkerPool(IBlobStore blobs, OpenQueue open) : IWorkerPool, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, (CancellationTokenSource Stop, Task Loop)> loops = new();

    // A test that fails while it holds a job must end, not wait for the job.
    private readonly CancellationTokenSource gone = new();

    /// <summary>Ids of the jobs that ran, in order.</summary>
    public ConcurrentQueue<string> Ran { get; } = new();

    /// <summary>Called before a job runs: throws to fail it.</summary>
    public Func<JobSpec, Task> OnJob { get; set; } = _ => Task.CompletedTask;

    /// <summary>Changes what a job yields.</summary>
    public Func<JobResult, JobResult> OnResult { get; set; } = result => result;

    /// <summary>Whether a job's worker dies before it leaves a result, the message with it.</summary>
    public Func<JobSpec, bool> Dies { get; set; } = _ => false;

    /// <summary>
    /// Told, again and again, of a run whose workers are asked to go, until they have; the job at hand is finished first.
    /// </summary>
    public Action<string> Releasing { get; set; } = _ => { };

    /// <summary>Whether a finished job is announced.</summary>
    public Func<JobSpec, bool> Announces { get; set; } = _ => true;

    /// <summary>How often <see cref="EnsureAsync"/> and <see cref="ReleaseAsync"/> changed something.</summary>
    public int Started { get; private set; }
    public int Released { get; private set; }
    public string? LastError { get; set; }
    public bool WaitsForQuota { get; set; }

    /// <summary>The run that gets no workers.</summary>
    public string? Refused { get; set; }

    /// <summary>The run for which the pool never answers.</summary>
    public string? Silent { get; set; }

    /// <summary>Ends when the pool was asked something of <see cref="Silent"/>.</summary>
    public TaskCompletionSource AskedInVain { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What a run's workers have used; null keeps no books.</summary>
    public Func<string, WorkerUsage?> Usage { get; set; } = _ => null;

    /// <summary>The CPU threads that this machine gives a worker.</summary>
    public int? Threads { get; set; }

    /// <summary>The CPU threads that a run's workers were last asked to take.</summary>
    public ConcurrentDictionary<string, int> Asked { get; } = new();

    public int? ThreadsFor(WorkersRecipe workers) => workers.Threads > 0 ? workers.Threads : Threads;

    public Task EnsureAsync(string runId, WorkersRecipe workers, CancellationToken cancellation = default)
    {
        Asked[runId] = workers.Threads;
        if (runId == Refused) throw new InvalidOperationException("no quota");
        if (runId == Silent) return NeverAsync(cancellation);
        lock (loops)
        {
            if (loops.ContainsKey(runId)) return Task.CompletedTask;
            var stop = new CancellationTokenSource();
            loops[runId] = (stop, Task.Run(() => WorkAsync(runId, stop.Token), CancellationToken.None));
            Started++;
        }
        return Task.CompletedTask;
    }

    public async Task ReleaseAsync(string runId, CancellationToken cancellation = default)
    {
        if (!loops.TryRemove(runId, out var loop)) return;
        Released++;
        await loop.Stop.CancelAsync();
        while (!loop.Loop.IsCompleted)
        {
            Releasing(runId);
            await Task.WhenAny(loop.Loop, Task.Delay(10, CancellationToken.None)); // it may just have taken another job
        }
        await loop.Loop;
        loop.Stop.Dispose();
    }

    public async Task<WorkerPoolView> GetAsync(string runId, CancellationToken cancellation = default)
    {
        if (runId == Silent) await NeverAsync(cancellation);
        return (loops.ContainsKey(runId)
            ? new WorkerPoolView([new("worker-0", "here", "running", 0)], 0, LastError, WaitsForQuota: WaitsForQuota)
            : WorkerPoolView.None) with { Usage = Usage(runId) };
    }

    public async ValueTask DisposeAsync()
    {
        await gone.CancelAsync();
        foreach (var runId in loops.Keys) await ReleaseAsync(runId);
        gone.Dispose();
    }

    private Task NeverAsync(CancellationToken cancellation)
    {
        AskedInVain.TrySetResult();
        return Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
    }

    private async Task WorkAsync(string runId, CancellationToken stop)
    {
        var queue = open(BlobLayout.JobQueue(runId));
        await queue.EnsureCreatedAsync(CancellationToken.None);
        while (!stop.IsCancellationRequested)
        {
            IReadOnlyList<QueueMessage> messages;
            try
            {
                messages = await queue.ReceiveAsync(1, TimeSpan.FromSeconds(30), CancellationToken.None);
            }
            catch (StorageException e) when (e.InnerException is Azure.RequestFailedException { Status: 404 })
            {
                // The run is over, and its queue with it.
                return;
            }
            if (messages.Count == 0)
            {
                await Task.Delay(2, CancellationToken.None);
                continue;
            }
            var message = JsonSerializer.Deserialize<JobMessage>(messages[0].Text, R1Json.Options)!;
            await RunAsync(message);
            await queue.DeleteAsync(messages[0], CancellationToken.None);
        }
    }

    private async Task RunAsync(JobMessage message)
    {
        var spec = await blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec(message.RunId, message.JobId));
        var path = BlobLayout.JobResult(message.RunId, message.JobId);
        if (!await blobs.ExistsAsync(path))
        {
            JobResult result;
            try
            {
                Ran.Enqueue(spec.JobId);
                await OnJob(spec).WaitAsync(gone.Token);
                if (Dies(spec)) return;
                result = OnResult(await FakeJobs.RunAsync(spec, blobs, $"a{Ran.Count(id => id == spec.JobId)}"));
            }
            catch (OperationCanceledException) when (gone.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                result = new()
                {
                    JobId = spec.JobId, Status = JobStatus.Failed, Attempt = "a1", Worker = "worker-0",
                        Error = new(e.GetType().Name, e.Message, null, ExitCodes.BadInput),
                };
            }
            await blobs.TryCreateJsonAsync(path, result);
        }
        if (!Announces(spec)) return;
        var done = await blobs.ReadJsonAsync<JobResult>(path);
        var completions = open(BlobLayout.CompletionsQueue);
        await completions.EnsureCreatedAsync();
        await completions.SendAsync(
            JsonSerializer.Serialize(new JobCompletion(spec.RunId, spec.JobId, spec.Notify, done.Status), R1Json.Options));
    }
}

/// <summary>What jobs leave behind, with made-up figures that get better with the steps.</summary>
internal static class FakeJobs
{
    /// <param name="spec">The job.</param>
    /// <param name="blobs">Where it leaves them.</param>
    /// <param name="name">The attempt.</param>
    public static async Task<JobResult> RunAsync(JobSpec spec, IBlobStore blobs, string name = "a1")
    {
        var attempt = BlobLayout.Attempt(spec.RunId, spec.JobId, name);
        var outputs = new Dictionary<string, string>();
        var metrics = new Dictionary<string, double>();
        var timing = new JobTiming { Total = 0.4, Storage = 0.05 };
        switch (spec.Payload)
        {
            case CheckJob:
                metrics[MetricNames.Rows] = 10;
                break;
            case ImportJob job:
                outputs["checkpoint"] = await CheckpointAsync(job.Checkpoint, job.Step);
                (metrics[MetricNames.Parameters], metrics[MetricNames.Bytes]) = (1000, 4000);
                break;
            case PretrainJob job:
                outputs["checkpoint"] = await CheckpointAsync(job.Checkpoint, job.Settings.Steps);
                outputs["steps"] = attempt + "steps.jsonl";
                var lines = Enumerable.Range(1, job.Settings.Steps)
                    .Select(step =>
                        JsonSerializer.Serialize(new { step, values = new Dictionary<string, double> { ["loss"] = 3.0 / step } }));
                await blobs.WriteAsync(outputs["steps"], new BinaryData(string.Join('\n', lines) + "\n"));
                metrics["loss"] = 3.0 / job.Settings.Steps;
                timing = timing with { Update = 0.3 };
                break;
            case RolloutJob job:
                var skill = Skill(job.Iteration, job.Settings.Iterations);
                outputs["tokens"] = $"{job.Output}.{name}.safetensors";
                outputs["samples"] = $"{job.Output}.{name}.jsonl";
                await blobs.WriteAsync(outputs["tokens"], new BinaryData("tokens"));
                await SamplesAsync(outputs["samples"], skill);
                if (job.Settings.Curriculum is not null)
                {
                    outputs["asked"] = $"{job.Output}-asked.{name}.jsonl";
                    await blobs.WriteAsync(outputs["asked"], new BinaryData($"{job.FirstQuestion}"));
                    metrics[MetricNames.CurriculumProblems] = job.Pool is null ? 0 : 5;
                    metrics[MetricNames.CurriculumInBand] = 0;
                }
                metrics[MetricNames.RewardMean] = skill * 1.5;
                metrics[MetricNames.RewardStd] = 0.5;
                metrics[MetricNames.Accuracy] = skill;
                metrics[MetricNames.Format] = Math.Min(1, skill * 1.2);
                metrics[MetricNames.MeanLength] = 12 + 10 * skill;
                metrics[MetricNames.Questions] = job.QuestionCount;
                metrics[MetricNames.QuestionsUseful] = Enumerable.Range(job.FirstQuestion, job.QuestionCount)
                    .Count(question => question % 3 == 0);
                metrics[MetricNames.Samples] = job.QuestionCount * job.Settings.GroupSize;
                metrics[MetricNames.Tokens] = job.QuestionCount * job.Settings.GroupSize * 20;
                timing = timing with { Generation = 0.2, Reward = 0.01 };
                break;
            case GradientJob job:
                outputs["gradient"] = $"{job.Output}.00.safetensors";
                await blobs.WriteAsync(outputs["gradient"], new BinaryData(string.Join('\n', job.After)));
                metrics[MetricNames.Steps] = job.Settings.MiniBatches * job.Settings.Epochs;
                timing = timing with { Update = 0.1 };
                break;
            case UpdateJob job:
                outputs["checkpoint"] = await CheckpointAsync(job.Checkpoint, job.Iteration + 1, moments: true);
                outputs[SampleAdvantage.Output] = job.Rollouts[0][..(job.Rollouts[0].LastIndexOf('/') + 1)] + $"advantages.{name}.jsonl";
                await blobs.WriteAsync(outputs[SampleAdvantage.Output], new BinaryData(string.Concat(
                    new SampleAdvantage[] { new(0, 0, 1), new(0, 1, -1), new(1, 0, 1), new(1, 1, -1) }
                        .Select(row => JsonSerializer.Serialize(row, R1Json.Options) + "\n"))));
                if (job.Pool is { } pool)
                {
                    foreach (var asked in pool.Asked)
                        if (!await blobs.ExistsAsync(asked)) throw new BadInputException($"there is no '{asked}'");
                    outputs["pool"] = $"{pool.Output}.{name}.jsonl";
                    await blobs.WriteAsync(outputs["pool"], new BinaryData(string.Join(' ', pool.Asked)));
                }
                metrics[MetricNames.Loss] = 0.1;
                metrics[MetricNames.Tokens] = 1000;
                timing = timing with { Update = 0.25 };
                break;
            case SampleJob job:
                var stage = (SampleStage)job.Settings;
                outputs["data"] = $"{job.Output}.{name}.jsonl";
                await blobs.WriteAsync(outputs["data"],
                    new BinaryData(string.Concat(Enumerable.Range(job.FirstQuestion, job.QuestionCount).Select(question =>
                    JsonSerializer.Serialize(
                        new { prompt = $"{question}+1=", completion = $"{question + 1}", answer = $"{question + 1}", verdicts = new { } })
                        + "\n"))));
                metrics[MetricNames.Questions] = job.QuestionCount;
                metrics[MetricNames.Samples] = job.QuestionCount * stage.Samples;
                metrics[MetricNames.SamplesKept] = stage.Minimums.Values.Max() > 1 ? 0 : job.QuestionCount;
                metrics[MetricNames.SamplesDropped + "surplus"] = job.QuestionCount * stage.Samples - metrics[MetricNames.SamplesKept];
                timing = timing with { Generation = 0.3 };
                break;
            case SftJob job:
                var rows = new List<string>();
                foreach (var file in job.Data.Values.SelectMany(files => files))
                    rows.AddRange((await blobs.TryReadAsync(file))!.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
                var steps = job.Settings.Epochs * ((rows.Count + job.Settings.BatchSize - 1) / job.Settings.BatchSize);
                outputs["checkpoint"] = await CheckpointAsync(BlobLayout.CheckpointIn(job.Checkpoints, steps), steps);
                outputs["steps"] = attempt + "steps.jsonl";
                await blobs.WriteAsync(outputs["steps"], new BinaryData(string.Concat(Enumerable.Range(1, steps)
                    .Select(step =>
                        JsonSerializer.Serialize(new { step, values = new Dictionary<string, double> { ["loss"] = 1.0 / step } })
                        + "\n"))));
                (metrics[MetricNames.Loss], metrics[MetricNames.Steps], metrics[MetricNames.Rows]) = (1.0 / steps, steps, rows.Count);
                timing = timing with { Update = 0.3 };
                break;
            case RewardModelJob job:
                outputs["checkpoint"] = await CheckpointAsync(job.Checkpoint, job.Settings.Steps());
                outputs["steps"] = attempt + "steps.jsonl";
                await blobs.WriteAsync(outputs["steps"], new BinaryData(string.Concat(Enumerable.Range(1, job.Settings.Steps())
                    .Select(step =>
                        JsonSerializer.Serialize(new { step, values = new Dictionary<string, double> { ["loss"] = 0.7 / step } })
                        + "\n"))));
                (metrics[MetricNames.Loss], metrics[MetricNames.HeldOutAccuracy]) = (0.7 / job.Settings.Steps(), 0.94);
                timing = timing with { Update = 0.3 };
                break;
            case EvaluateJob job:
                var good = job.Checkpoint.Contains("/base/", StringComparison.Ordinal) ? 0.3 : 0.98;
                foreach (var figure in new[] { MetricNames.EvalGreedyAccuracy, MetricNames.EvalGreedyFormat, MetricNames.EvalPassAt1,
                    MetricNames.EvalFormat })
                    metrics[figure] = good;
                metrics[MetricNames.EvalMeanLength] = 22;
                metrics[MetricNames.EvalProblems] = job.Settings.Problems;
                metrics[MetricNames.EvalSamples] = job.Settings.Samples;
                metrics[MetricNames.EvalOverlap] = 0;
                metrics[MetricNames.Tokens] = job.Settings.Problems * (job.Settings.Samples + 1) * 22;
                if (job.WithSamples)
                {
                    outputs["samples"] = attempt + "samples.jsonl";
                    await SamplesAsync(outputs["samples"], good);
                }
                timing = timing with { Generation = 0.3, Reward = 0.02 };
                break;
            default:
                throw new BadInputException($"Unknown kind {spec.Payload.Kind}.");
        }
        return new() { JobId = spec.JobId, Status = JobStatus.Succeeded, Attempt = name, Worker = "worker-0",
            Numerics = TrainerNumerics.Version, Outputs = outputs, Metrics = metrics, Timing = timing };

        async Task<string> CheckpointAsync(string folder, int step, bool moments = false)
        {
            // Files of the attempt's own, as workers write them, and the manifest that refers to them.
            var files = new Dictionary<string, CheckpointFile>();
            foreach (var name in moments ? ["model.safetensors", "optimizer.safetensors"] : new[] { "model.safetensors" })
            {
                var file = $"{folder}a1/{name}";
                var content = new BinaryData(name == "model.safetensors" ? $"weights {step}" : $"moments {step}");
                await blobs.WriteAsync(file, content);
                files[name] = new(file, content.ToMemory().Length,
                    Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content.ToMemory().Span)));
            }
            await blobs.WriteJsonAsync(folder + "manifest.json",
                new CheckpointManifest { Stage = spec.Payload.Stage, Step = step, Attempt = "a1", Files = files });
            return folder;
        }

        Task SamplesAsync(string path, double skill) => blobs.WriteAsync(path,
            new BinaryData(string.Join('\n', Enumerable.Range(0, 6).Select(i =>
        {
            var right = i < 6 * skill;
            return JsonSerializer.Serialize(new
            {
                question = $"{i}7+25=", answer = $"{i}7+25",
                    completion = right ? "<think>carry <1></think><answer>52</answer>" : "52 & so on",
                correct = right, formatted = right, greedy = true,
            });
        }))));
    }

    private static double Skill(int iteration, int iterations) => 0.3 + 0.68 * iteration / Math.Max(1, iterations);
}

using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Pretraining;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Jobs.Updates;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Hub;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Tests.Jobs;

/// <summary>Runs handlers over a folder, as a worker would.</summary>
internal sealed class JobRunner : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("r1-jobs");
    private int attempts;

    public JobRunner()
    {
        Blobs = new RecordedBlobs(new FolderBlobStore(Path.Combine(root.FullName, "blobs")));
        Models = NewWorker();
    }

    public RecordedBlobs Blobs { get; }

    /// <summary>The Hub; one that nobody listens at, unless a test brings its own.</summary>
    public IHubReader Hub { get; init; } = new HubReader(
        () => new() { Endpoint = "http://127.0.0.1:9", CacheFolder = "/nowhere", IsOffline = true }, new(TimeProvider.System, () => 0.5));

    /// <summary>The memory of the device that workers are told to have; null where nobody tells.</summary>
    public double? DeviceBytes { get; set; }

    /// <summary>The worker's memory; replace it to act as another worker that knows nothing yet.</summary>
    public ResidentModels Models { get; private set; }

    public static ArithmeticTask Task { get; } = new();

    public static IReadOnlyDictionary<string, TaskRecipe> Tasks { get; } = new Dictionary<string, TaskRecipe> { ["addition"] = Task,
        ["small"] = new ArithmeticTask { Digits = 1 } };

    public static PretrainStage Pretraining { get; } = new()
    {
        Task = "addition",
        Steps = 100,
        BatchSize = 32,
        SaveEvery = 40,
        Corpus = new() { Tagged = 0.7, Guesses = 0.9 }, // short and often in form: rewards differ within groups
        Optimizer = new() { LearningRate = 5e-3, WarmupSteps = 10 },
        Model = new() { HiddenSize = 32, Layers = 2, Heads = 2, KvHeads = 1, IntermediateSize = 48 },
    };

    public static RlStage Rl { get; } = new()
    {
        Task = "addition",
        Iterations = 4,
        Questions = 8,
        GroupSize = 4,
        MiniBatches = 2,
        Rewards = new Dictionary<string, RewardRecipe> { ["accuracy/exact"] = 1, ["format/think-answer"] = 0.5 },
        Optimizer = new() { LearningRate = 1e-3 },
    };

    /// <summary>Acts as another worker.</summary>
    /// <param name="device">Where it computes.</param>
    /// <param name="perReplica">Devices that each model is spread over.</param>
    public void Restart(string device = "cpu", int perReplica = 1)
    {
        Models.Dispose();
        Models = NewWorker(device, perReplica);
    }

    public Task<JobOutcome> RunAsync<TPayload>(Func<ResidentModels, IJobHandler<TPayload>> handler, TPayload payload,
        CancellationToken preemption = default, string jobId = "job", Action<int>? onStep = null)
        where TPayload : JobPayload
    {
        var context = new JobContext
        {
            Spec = new JobSpec { RunId = "run", JobId = jobId, Payload = payload },
            Attempt = $"{++attempts}-test",
            AttemptNumber = attempts,
            Blobs = Blobs,
            Hub = Hub,
            ScratchFolder = root.CreateSubdirectory($"scratch-{attempts}").FullName,
            Preemption = preemption,
            Log = NullLogger.Instance,
            Progress = (step, _, _) => onStep?.Invoke(step),
        };
        return handler(Models).RunAsync(payload, context);
    }

    public Task<JobOutcome> PretrainAsync(string checkpoint = "base/", CancellationToken preemption = default, string jobId = "base",
        Action<int>? onStep = null, PretrainStage? stage = null) =>
        RunAsync(models => new PretrainHandler(models),
            new PretrainJob { Seed = 3, Stage = "base", Settings = stage ?? Pretraining,
                Tasks = new Dictionary<string, TaskRecipe> { [Pretraining.Task!] = Task }, Checkpoint = checkpoint }, preemption, jobId,
            onStep);

    public Task<JobOutcome> RolloutAsync(string policy, int iteration = 0, int first = 0, int count = 8, RlStage? stage = null,
        string? pool = null) =>
        RunAsync(models => new RolloutHandler(models), new RolloutJob
        {
            Seed = 3, Stage = "rl", Settings = stage ?? Rl, Tasks = Tasks, Iteration = iteration, Policy = policy,
            FirstQuestion = first, QuestionCount = count, Output = $"rollouts/{iteration}/{first}", Pool = pool,
        });

    public Task<JobOutcome> UpdateAsync(string policy, IReadOnlyList<string> rollouts, string next, int iteration = 0,
        RlStage? stage = null, string? reference = null, PoolUpdate? pool = null) =>
        RunAsync(models => new UpdateHandler(models), new UpdateJob
        {
            Seed = 3, Stage = "rl", Settings = stage ?? Rl, Iteration = iteration, Policy = policy, Rollouts = rollouts, Checkpoint = next,
                Reference = reference, Pool = pool,
        });

    /// <summary>The same update in shards, a round of gradients a step, as the orchestration has it done.</summary>
    /// <param name="before">Called before each job, e.g. to act as another worker.</param>
    public async Task<JobOutcome> ShardedUpdateAsync(
        string policy, IReadOnlyList<string> rollouts, string next, RlStage stage, int iteration = 0, string? reference = null,
            Func<Task>? before = null, string? teacher = null)
    {
        IReadOnlyList<string> after = [];
        for (int step = 0, steps = 1; step < steps; step++)
        {
            var gradients = new List<string>();
            for (var shard = 0; shard < stage.UpdateShards; shard++)
            {
                if (before is not null) await before();
                var outcome = await GradientAsync(policy, rollouts, stage, step, shard, after, iteration, reference, teacher);
                steps = (int)outcome.Metrics[MetricNames.Steps];
                if (steps > 0) gradients.Add(outcome.Outputs["gradient"]);
            }
            after = gradients;
        }
        if (before is not null) await before();
        return await RunAsync(models => new UpdateHandler(models), new UpdateJob
        {
            Seed = 3, Stage = "rl", Settings = stage, Iteration = iteration, Policy = policy, Rollouts = rollouts, Gradients = after,
                Checkpoint = next, Reference = reference, Teacher = teacher,
        });
    }

    public Task<JobOutcome> GradientAsync(
        string policy, IReadOnlyList<string> rollouts, RlStage stage, int step, int shard, IReadOnlyList<string> after, int iteration = 0,
            string? reference = null, string? teacher = null) =>
        RunAsync(models => new GradientHandler(models), new GradientJob
        {
            Seed = 3, Stage = "rl", Settings = stage, Iteration = iteration, Policy = policy, Reference = reference, Teacher = teacher,
            Rollouts = rollouts, Step = step, Shard = shard, After = after, Output = $"gradients/{iteration}/{step}-{shard}",
        });

    /// <summary>Asks the worker's memory for something, as a handler would.</summary>
    public async Task<T> AskAsync<T>(Func<ResidentModels, JobContext, Task<T>> ask)
    {
        var question = new Question<T>(ask, Models);
        await RunAsync(_ => question, new NoopJob());
        return question.Answer!;
    }

    /// <summary>The hashes of a checkpoint's files: equal weights and optimizer state have equal ones.</summary>
    public async Task<string> HashAsync(string checkpoint)
    {
        var manifest = await Blobs.ReadJsonAsync<CheckpointManifest>(checkpoint + "manifest.json");
        return string.Join('\n',
            manifest.Files.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => $"{file.Key} {file.Value.Sha256}"));
    }

    /// <summary>The hash of a checkpoint's weights.</summary>
    public async Task<string> WeightsAsync(string checkpoint) =>
        (await Blobs.ReadJsonAsync<CheckpointManifest>(checkpoint + "manifest.json")).Files["model.safetensors"].Sha256;

    public void Dispose()
    {
        var leaving = Models.Uploads.WaitAsync();
        Models.Dispose();
        leaving.Wait(TimeSpan.FromMinutes(1));
        root.Delete(recursive: true);
    }

    private ResidentModels NewWorker(string device = "cpu", int perReplica = 1) => new(
        new Lazy<Compute>(() => Compute.Start(device, TestThreads.Count, several: true, perReplica: perReplica)),
        root.CreateSubdirectory($"cache-{Guid.NewGuid():N}").FullName, fit: new DeviceFit(() => DeviceBytes));

    private sealed class Question<T>(Func<ResidentModels, JobContext, Task<T>> ask, ResidentModels models) : IJobHandler<NoopJob>
    {
        public T? Answer { get; private set; }

        public async Task<JobOutcome> RunAsync(NoopJob payload, JobContext context)
        {
            Answer = await ask(models, context);
            return JobOutcome.Empty;
        }
    }
}

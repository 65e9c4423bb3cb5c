using System.Diagnostics;
using System.Text.Json;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Supervised;

/// <summary>What a supervised training is made of.</summary>
/// <typeparam name="TRow">What its rows are.</typeparam>
internal sealed record SupervisedPlan<TRow>
{
    /// <summary>What is lowered.</summary>
    public required ISupervisedObjective<TRow> Objective { get; init; }
    /// <summary>Optimizer steps.</summary>
    public required int Steps { get; init; }
    /// <summary>The rows of a step, from 0: a function of the step alone, so that the cursor is just the step.</summary>
    public required Func<int, IReadOnlyList<TRow>> Batch { get; init; }
    /// <summary>The policy that an attempt without any progress begins with, and its optimizer.</summary>
    public required Func<Task<Policy>> Begin { get; init; }
    /// <summary>The optimizer's settings.</summary>
    public required OptimizerRecipe Optimizer { get; init; }
    /// <summary>Steps between two saves.</summary>
    public required int SaveEvery { get; init; }
    /// <summary>Steps between two reads from the device: a line of the log each.</summary>
    public required int ReadEvery { get; init; }
    /// <summary>Rows in one pass; 0 takes a batch whole.</summary>
    public int MicroBatchSize { get; init; }
    /// <summary>Where the checkpoint goes.</summary>
    public required string Checkpoint { get; init; }
    /// <summary>The checkpoint that it begins with; null for fresh weights.</summary>
    public string? Parent { get; init; }
    /// <summary>What is done for an even load of experts; null for nothing.</summary>
    public BalanceWeights? Balance { get; init; }
    /// <summary>Looks at the trained model before it is saved; its figures join the last step's. Null for nothing.</summary>
    public Func<Policy, IReadOnlyDictionary<string, double>>? Finish { get; init; }
}

/// <summary>
/// Trains on given rows: the mean of an objective over each batch. Saves its progress every so often and when told to stop; an attempt
/// begins at the last whole save of any attempt before it.
/// </summary>
internal sealed class SupervisedTraining<TRow>(ResidentModels models, SupervisedPlan<TRow> plan, JobContext context)
{
    private readonly string progress = BlobLayout.Job(context.Spec.RunId, context.Spec.JobId) + "progress/";

    private string Stage => context.Spec.Payload.Stage;

    /// <summary>Trains, and saves the checkpoint.</summary>
    public async Task<JobOutcome> RunAsync()
    {
        var (policy, done, log) = await BeginAsync();
        var digest = StepEffects.DigestOf(policy.Model.Trainable);
        for (var step = done; step < plan.Steps;)
        {
            var until = Math.Min(plan.Steps, step + plan.ReadEvery);
            log.Add(Train(policy, step, until, ref digest));
            var saves = until / plan.SaveEvery > step / plan.SaveEvery;
            step = until;
            context.Progress(step, plan.Steps, log[^1].Values);
            if (step < plan.Steps && (context.Preemption.IsCancellationRequested || saves))
            {
                await SaveProgressAsync(policy, log, step);
                context.ThrowIfPreempted();
            }
        }

        var metrics = new Dictionary<string, double>(log[^1].Values) { [MetricNames.Tokens] = Sum(MetricNames.Tokens),
            [MetricNames.StepsWithoutEffect] = Sum(MetricNames.StepsWithoutEffect) };
        StepEffects.Require($"Stage '{Stage}'", metrics[MetricNames.StepsWithoutEffect], plan.Steps, Highest(MetricNames.LearningRate),
            Highest(MetricNames.GradNorm));
        foreach (var (name, value) in plan.Finish?.Invoke(policy) ?? new Dictionary<string, double>()) metrics[name] = value;
        await ResidentModels.SaveAsync(policy, plan.Checkpoint, Stage, plan.Steps, plan.Parent, context);
        var steps = context.AttemptPrefix + "steps.jsonl";
        using (context.Time.Measure(TimePart.Storage)) 
            await context.Blobs.WriteAsync(steps, ToJsonLines(log), CancellationToken.None);
        return new JobOutcome(new Dictionary<string, string> { ["checkpoint"] = plan.Checkpoint, ["steps"] = steps }, metrics);

        double Sum(string name) => log.Sum(line => line.Values.GetValueOrDefault(name));
        double Highest(string name) => log.Max(line => line.Values.GetValueOrDefault(name));
    }

    private TrainingStep Train(Policy policy, int from, int until, ref IReadOnlyList<double> digest)
    {
        using var _ = context.Time.Measure(TimePart.Update);
        using var sums = new MetricSums();
        using var watch = new FiniteWatch();
        using var balance = plan.Balance is { } weights ? new ExpertBalance(policy.Model, weights) : null;
        var (start, tokens) = (Stopwatch.GetTimestamp(), 0);
        double rate = 0;
        for (var step = from; step < until; step++)
        {
            using var scope = TorchSharp.torch.NewDisposeScope();
            var rows = plan.Batch(step);
            var weight = rows.Sum(plan.Objective.Weight);
            balance?.BeginStep(rows.Count, rows.Sum(plan.Objective.Length) - rows.Count); // nothing follows a row's last token
            foreach (var part in MicroBatches(rows))
            {
                using var inner = TorchSharp.torch.NewDisposeScope();
                var result = plan.Objective.Compute(policy.Model, part);
                balance?.EndPass();
                var loss = Scalars.Use(weight, count => result.Loss / count);
                watch.Add(step, "the loss", loss);
                loss.backward();
                sums.Add(MetricNames.Loss, loss);
                sums.Add(result.Metrics, 1.0 / weight);
            }
            rate = LearningRates.At(plan.Optimizer, step + 1, plan.Steps);
            sums.Add(MetricNames.GradNorm, policy.Optimizer!.ClipAndStep(rate, plan.Optimizer.ClipNorm, watch, step));
            if (balance is not null) sums.Add(balance.Step());
            tokens += rows.Sum(plan.Objective.Length);
        }

        watch.Check(FormattableString.Invariant($"Stage '{Stage}' (optimizer.learningRate {plan.Optimizer.LearningRate}), "));
        var values = sums.Read().ToDictionary(sum => sum.Key, sum => sum.Value / (until - from));
        var before = digest;
        digest = StepEffects.DigestOf(policy.Model.Trainable);
        values[MetricNames.StepsWithoutEffect] = StepEffects.Without(before, digest, until - from);
        values[MetricNames.LearningRate] = rate;
        values[MetricNames.Tokens] = tokens;
        values[MetricNames.TokensPerSecond] = tokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new TrainingStep(until, values);
    }

    // Rows of about equal length share a pass, so little is computed on padding.
    private IEnumerable<IReadOnlyList<TRow>> MicroBatches(IReadOnlyList<TRow> rows) =>
        plan.MicroBatchSize <= 0 || plan.MicroBatchSize >= rows.Count
            ? [rows] : rows.OrderByDescending(plan.Objective.Length).Chunk(plan.MicroBatchSize);

    private async Task<(Policy Policy, int Done, List<TrainingStep> Log)> BeginAsync()
    {
        if (await new CheckpointStore(context.Blobs).TryFindLatestAsync(progress, context.Preemption) is { } latest
            && await context.Blobs.TryReadAsync(LogPath(latest), context.Preemption) is { } saved)
        {
            var resumed = await models.TrainableAsync(latest, plan.Optimizer, freshOptimizer: false, context);
            resumed.BeginChange();
            var log = saved.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonSerializer.Deserialize<TrainingStep>(line, R1Json.Options)!).ToList();
            return (resumed, log[^1].Step, log);
        }
        var policy = await plan.Begin();
        policy.BeginChange();
        return (policy, 0, []);
    }

    // The log goes first: a save counts once its manifest is there, and then the log is too.
    private async Task SaveProgressAsync(Policy policy, List<TrainingStep> log, int step)
    {
        var checkpoint = BlobLayout.CheckpointIn(progress, step);
        await context.Blobs.WriteAsync(LogPath(checkpoint), ToJsonLines(log), CancellationToken.None);
        await ResidentModels.SaveAsync(policy, checkpoint, Stage, step, parent: null, context);
        policy.BeginChange();
    }

    private static string LogPath(string checkpoint) => checkpoint.TrimEnd('/') + ".steps.jsonl";

    private static BinaryData ToJsonLines(List<TrainingStep> log) =>
        new(string.Concat(log.Select(step => JsonSerializer.Serialize(step, R1Json.Options) + "\n")));
}

/// <summary>A line of a training log: means over the steps since the line before.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Values">Figures by the field's names.</param>
internal sealed record TrainingStep(int Step, IReadOnlyDictionary<string, double> Values);

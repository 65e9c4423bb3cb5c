using System.Diagnostics;
using System.Text.Json;
using R1Cloud.GpuJob.Jobs.Pretraining;
using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.GpuJob.Tokenizers;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Jobs;

/// <summary>
/// Trains a small decoder from scratch on worked examples. Saves its progress every so often and when told to stop; an attempt begins at the
/// last whole save of any attempt before it.
/// </summary>
internal sealed class PretrainHandler(ResidentModels models) : IJobHandler<PretrainJob>
{
    private const int ReadEvery = 10; // steps between two reads from the device

    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(PretrainJob payload, JobContext context)
    {
        var settings = payload.Settings;
        var task = await ProblemTasks.CreateWorkedAsync(payload.Task, context.Blobs, context.Preemption);
        var tokenizer = new SymbolTokenizer(task.Alphabet);
        var corpus = new Corpus(task, tokenizer, settings.Corpus, payload.Seed, payload.Stage);
        var progress = BlobLayout.Job(context.Spec.RunId, context.Spec.JobId) + "progress/";
        var (policy, done, log) = await BeginAsync(payload, tokenizer, progress, context);

        for (var step = done; step < settings.Steps;)
        {
            var until = Math.Min(settings.Steps, step + ReadEvery);
            log.Add(Train(policy, corpus, settings, step, until, context));
            step = until;
            context.Progress(step, settings.Steps, log[^1].Values);
            if (step < settings.Steps && (context.Preemption.IsCancellationRequested || step / settings.SaveEvery > (step - ReadEvery) / settings.SaveEvery))
            {
                await SaveProgressAsync(policy, log, progress, payload, step, context);
                context.ThrowIfPreempted();
            }
        }

        await ResidentModels.SaveAsync(policy, payload.Checkpoint, payload.Stage, settings.Steps, parent: null, context);
        var steps = context.AttemptPrefix + "steps.jsonl";
        using (context.Time.Measure(TimePart.Storage)) await context.Blobs.WriteAsync(steps, ToJsonLines(log));
        return new JobOutcome(new Dictionary<string, string> { ["checkpoint"] = payload.Checkpoint, ["steps"] = steps }, log[^1].Values);
    }

    private static PretrainStep Train(Policy policy, Corpus corpus, PretrainStage settings, int from, int until, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Update);
        using var sums = new MetricSums();
        var (start, tokens) = (Stopwatch.GetTimestamp(), 0);
        double rate = 0;
        for (var step = from; step < until; step++)
        {
            using var scope = TorchSharp.torch.NewDisposeScope();
            var rows = corpus.Batch(step, settings.BatchSize);
            using var batch = TokenBatch.Create([.. rows.Select(row => new TokenSequence([.. row.Prompt, .. row.Completion], row.Prompt.Length))], policy.Model.Device);
            var loss = -policy.Model.TokenLogProbs(batch).LogProbs.sum() / batch.Tokens;
            loss.backward();
            sums.Add(MetricNames.Loss, loss);
            sums.Add(MetricNames.GradNorm, policy.Optimizer!.ClipGradients(settings.Optimizer.ClipNorm));
            policy.Optimizer.Step(rate = LearningRates.At(settings.Optimizer, step + 1, settings.Steps));
            policy.Optimizer.ZeroGradients();
            tokens += rows.Sum(row => row.Prompt.Length + row.Completion.Length);
        }

        var values = sums.Read().ToDictionary(sum => sum.Key, sum => sum.Value / (until - from));
        if (!double.IsFinite(values[MetricNames.Loss])) throw new InvalidOperationException($"Step {until}: the loss is {values[MetricNames.Loss]}; lower optimizer.learningRate ({settings.Optimizer.LearningRate}).");
        values[MetricNames.LearningRate] = rate;
        values[MetricNames.TokensPerSecond] = tokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new PretrainStep(until, values);
    }

    private async Task<(Policy Policy, int Done, List<PretrainStep> Log)> BeginAsync(PretrainJob payload, SymbolTokenizer tokenizer, string progress, JobContext context)
    {
        var settings = payload.Settings;
        if (await new CheckpointStore(context.Blobs).TryFindLatestAsync(progress, context.Preemption) is { } latest
            && await context.Blobs.TryReadAsync(LogPath(latest), context.Preemption) is { } saved)
        {
            var resumed = await models.TrainableAsync(latest, settings.Optimizer, freshOptimizer: false, context);
            resumed.BeginChange();
            var log = saved.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<PretrainStep>(line, R1Json.Options)!).ToList();
            return (resumed, log[^1].Step, log);
        }
        var policy = models.Fresh(Config(settings.Model, tokenizer), tokenizer, Seeds.Derive(payload.Seed, payload.Stage + "/weights"), settings.Optimizer);
        return (policy, 0, []);
    }

    // The log goes first: a save counts once its manifest is there, and then the log is too.
    private static async Task SaveProgressAsync(Policy policy, List<PretrainStep> log, string progress, PretrainJob payload, int step, JobContext context)
    {
        var checkpoint = $"{progress}step-{step:D6}/";
        await context.Blobs.WriteAsync(LogPath(checkpoint), ToJsonLines(log));
        await ResidentModels.SaveAsync(policy, checkpoint, payload.Stage, step, parent: null, context);
        policy.BeginChange();
    }

    private static string LogPath(string checkpoint) => checkpoint.TrimEnd('/') + ".steps.jsonl";

    private static BinaryData ToJsonLines(List<PretrainStep> log) =>
        new(string.Concat(log.Select(step => JsonSerializer.Serialize(step, R1Json.Options) + "\n")));

    private static ModelConfig Config(ModelShape shape, SymbolTokenizer tokenizer) => new()
    {
        ModelType = "llama",
        HiddenSize = shape.HiddenSize,
        Layers = shape.Layers,
        Heads = shape.Heads,
        KvHeads = shape.KvHeads,
        HeadDim = shape.HiddenSize / shape.Heads,
        IntermediateSize = shape.IntermediateSize,
        VocabularySize = tokenizer.VocabularySize,
        Rope = new() { Theta = shape.RopeTheta },
        MaxPositions = shape.MaxPositions,
        TieWordEmbeddings = true,
        BosTokenId = tokenizer.BosId,
        EosTokenIds = [tokenizer.EosId],
        PadTokenId = tokenizer.PadId,
    };
}

/// <summary>A line of the pretraining log: means over the steps since the line before.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Values">Figures by the field's names.</param>
internal sealed record PretrainStep(int Step, IReadOnlyDictionary<string, double> Values);

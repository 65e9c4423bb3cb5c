using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Jobs;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Tokenizers;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Residency;

/// <summary>
/// The models that a worker keeps in memory between jobs: one policy and one reference. They are known by the checkpoint that they hold, so
/// a rollout that follows an update finds the weights where the update left them. One job at a time.
/// </summary>
/// <param name="compute">Starts torch when the first model is needed, so that a worker without one starts quickly.</param>
/// <param name="cacheFolder">Where downloaded checkpoints are kept.</param>
internal sealed class ResidentModels(Lazy<Compute> compute, string cacheFolder) : IDisposable
{
    private Policy? policy;
    private (string Checkpoint, CausalLm Model)? reference;

    /// <summary>Where tensors are computed.</summary>
    public Compute Compute => compute.Value;

    /// <summary>The policy of a checkpoint, to read.</summary>
    /// <exception cref="CheckpointCorruptException">The checkpoint is torn, missing or changed.</exception>
    public async Task<Policy> PolicyAsync(string checkpoint, JobContext context)
    {
        if (policy?.Checkpoint == checkpoint) return policy;
        var folder = await DownloadAsync(checkpoint, context);
        using var _ = context.Time.Measure(TimePart.Storage);
        if (policy is not null && ModelConfig.Load(folder) == policy.Model.Config)
        {
            policy.BeginChange();
            policy.Model.LoadWeights(folder);
            policy.Optimizer?.Dispose();
            policy.Optimizer = null;
        }
        else
        {
            policy?.Dispose();
            policy = null;
            policy = Create(CausalLm.Load(folder, Compute.Device), TokenizerLoader.Load(folder));
        }
        policy.Is(checkpoint);
        return policy;
    }

    /// <summary>The policy of a checkpoint with its optimizer, to train.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="recipe">The optimizer's settings.</param>
    /// <param name="freshOptimizer">Whether training begins here: the checkpoint's optimizer state, if any, belongs to another stage.</param>
    /// <param name="context">The attempt.</param>
    public async Task<Policy> TrainableAsync(string checkpoint, OptimizerRecipe recipe, bool freshOptimizer, JobContext context)
    {
        var trained = await PolicyAsync(checkpoint, context);
        if (!freshOptimizer && trained.Optimizer is not null) return trained;
        trained.Optimizer?.Dispose();
        trained.Optimizer = null;
        var optimizer = new AdamW(trained.Model.Weights, recipe);
        if (!freshOptimizer)
        {
            var folder = await DownloadAsync(checkpoint, context);
            using var _ = context.Time.Measure(TimePart.Storage);
            optimizer.Load(Path.Combine(folder, CheckpointFiles.Optimizer));
        }
        trained.Optimizer = optimizer;
        return trained;
    }

    /// <summary>A policy with fresh weights, not yet any checkpoint's.</summary>
    public Policy Fresh(ModelConfig config, ITokenizer tokenizer, ulong seed, OptimizerRecipe recipe)
    {
        policy?.Dispose();
        policy = null;
        policy = Create(CausalLm.Create(config, Compute.Device, seed), tokenizer);
        policy.Optimizer = new AdamW(policy.Model.Weights, recipe);
        return policy;
    }

    /// <summary>The frozen reference model of a checkpoint.</summary>
    public async Task<CausalLm> ReferenceAsync(string checkpoint, JobContext context)
    {
        if (reference is { } resident && resident.Checkpoint == checkpoint) return resident.Model;
        reference?.Model.Dispose();
        reference = null;
        var folder = await DownloadAsync(checkpoint, context);
        using var _ = context.Time.Measure(TimePart.Storage);
        var model = CausalLm.Load(folder, Compute.Device);
        reference = (checkpoint, model);
        return model;
    }

    /// <summary>Saves the policy as a checkpoint and, once that is committed, knows it by that name.</summary>
    public static async Task SaveAsync(Policy saved, string checkpoint, string stage, int step, string? parent, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        var folder = Directory.CreateDirectory(Path.Combine(context.ScratchFolder, "checkpoint")).FullName;
        CheckpointFiles.Write(saved, folder, new TrainerState(stage, step, saved.Optimizer?.Steps ?? 0, context.Spec.Payload.Seed));
        var manifest = await new CheckpointStore(context.Blobs).WriteAsync(checkpoint, stage, step, context.Attempt, parent, folder);
        // Another attempt may have been first. Its weights count, and only a deterministic run may take these for those.
        if (manifest.Attempt == context.Attempt) saved.Is(checkpoint);
    }

    private async Task<string> DownloadAsync(string checkpoint, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        return await new CheckpointStore(context.Blobs).DownloadAsync(checkpoint, cacheFolder, context.Preemption);
    }

    private Policy Create(CausalLm model, ITokenizer tokenizer) => new(model, tokenizer, Generators.Create(model, Compute.Threads));

    /// <inheritdoc/>
    public void Dispose()
    {
        policy?.Dispose();
        reference?.Model.Dispose();
    }
}

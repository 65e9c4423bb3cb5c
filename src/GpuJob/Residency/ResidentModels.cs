using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Generation.Engines;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Recipes;
using R1Cloud.Tokenizers;

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
    private string? tokenizer; // the fingerprint of the policy's
    private (string Checkpoint, CausalLm Model)? reference;

    /// <summary>The reward models, beside policy and reference.</summary>
    public ResidentRewardModels RewardModels { get; } = new(compute, cacheFolder);

    /// <summary>Where tensors are computed.</summary>
    public Compute Compute => compute.Value;

    /// <summary>The policy of a checkpoint, to read.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="context">The attempt.</param>
    /// <param name="precision">What it computes in. The CPU's own decoder always computes in float32.</param>
    /// <exception cref="CheckpointCorruptException">The checkpoint is torn, missing or changed.</exception>
    public async Task<Policy> PolicyAsync(string checkpoint, JobContext context, TrainingPrecision precision = TrainingPrecision.Float32)
    {
        var found = await FindAsync(checkpoint, context);
        found.Model.ComputeType = TypeOf(precision);
        return found;
    }

    private async Task<Policy> FindAsync(string checkpoint, JobContext context)
    {
        if (policy?.Checkpoint == checkpoint) return policy;
        var folder = await DownloadAsync(checkpoint, context);
        using var _ = context.Time.Measure(TimePart.Storage);
        var fingerprint = TokenizerFiles.Read(folder).Fingerprint();
        if (policy is { Model.Lora: null } && !LoraAdapter.IsIn(folder) && fingerprint == tokenizer
            && ModelConfig.Load(folder) == policy.Model.Config)
        {
            policy.BeginChange();
            policy.Model.LoadWeights(folder);
            foreach (var (_, parameter) in policy.Model.Parameters) parameter.grad = null; // an attempt that failed half-way leaves some
            policy.Optimizer?.Dispose();
            (policy.Optimizer, policy.RewardModel) = (null, null);
        }
        else
        {
            policy?.Dispose();
            policy = null;
            policy = Create(CheckpointFiles.ReadModel(folder, Compute.Device), TokenizerLoader.Load(folder));
            tokenizer = fingerprint;
        }
        policy.Is(checkpoint);
        return policy;
    }

    /// <summary>The policy of a checkpoint with its optimizer, to train.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="recipe">The optimizer's settings.</param>
    /// <param name="freshOptimizer">Whether training begins here: the checkpoint's optimizer state, if any, belongs to another
    /// stage.</param>
    /// <param name="context">The attempt.</param>
    public async Task<Policy> TrainableAsync(string checkpoint, OptimizerRecipe recipe, bool freshOptimizer, JobContext context)
    {
        var trained = await PolicyAsync(checkpoint, context, recipe.Precision);
        trained.Model.Recompute = recipe.Recompute;
        if (!freshOptimizer && trained.Optimizer is not null) return trained;
        trained.Optimizer?.Dispose();
        trained.Optimizer = null;
        if (freshOptimizer)
        {
            LoraAdapter.Merge(trained.Model); // an earlier stage's
            if (recipe.Lora is { } lora)
                Attach(trained.Model, lora, Seeds.Derive(context.Spec.Payload.Seed, context.Spec.Payload.Stage + "/adapter"));
        }
        var optimizer = new AdamW(trained.Model.Trainable, recipe);
        if (!freshOptimizer)
        {
            var folder = await DownloadAsync(checkpoint, context);
            using var _ = context.Time.Measure(TimePart.Storage);
            optimizer.Load(Path.Combine(folder, CheckpointFiles.Optimizer));
        }
        trained.Optimizer = optimizer;
        return trained;
    }

    /// <summary>
    /// The policy in memory with its optimizer when it holds a checkpoint's content, or a named point between two; else null.
    /// </summary>
    /// <param name="checkpoint">The checkpoint or point.</param>
    /// <param name="recipe">The optimizer's settings.</param>
    public Policy? Resident(string checkpoint, OptimizerRecipe recipe)
    {
        if (policy is not { Optimizer: not null } || policy.Checkpoint != checkpoint) return null;
        (policy.Model.ComputeType, policy.Model.Recompute) = (TypeOf(recipe.Precision), recipe.Recompute);
        return policy;
    }

    /// <summary>A policy with fresh weights, not yet any checkpoint's.</summary>
    public Policy Fresh(ModelConfig config, ITokenizer with, ulong seed, OptimizerRecipe recipe)
    {
        policy?.Dispose();
        policy = null;
        policy = Create(CausalLm.Create(config, Compute.Device, seed), with);
        tokenizer = null;
        (policy.Model.ComputeType, policy.Model.Recompute) = (TypeOf(recipe.Precision), recipe.Recompute);
        if (recipe.Lora is { } lora) Attach(policy.Model, lora, seed);
        policy.Optimizer = new AdamW(policy.Model.Trainable, recipe);
        return policy;
    }

    /// <summary>A reward model with the trunk of a checkpoint's model and a fresh head, to train; not yet any checkpoint's.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="seed">Decides the head.</param>
    /// <param name="recipe">The optimizer's settings.</param>
    /// <param name="context">The attempt.</param>
    public async Task<Policy> FreshRewardModelAsync(string checkpoint, ulong seed, OptimizerRecipe recipe, JobContext context)
    {
        var from = await FindAsync(checkpoint, context);
        from.BeginChange();
        LoraAdapter.Merge(from.Model); // an earlier stage's
        var scorer = RewardModel.Create(from.Model, seed);
        policy = Create(scorer, from.Tokenizer);
        from.Dispose();
        (scorer.ComputeType, scorer.Recompute) = (TypeOf(recipe.Precision), recipe.Recompute);
        policy.Optimizer = new AdamW(scorer.Trainable, recipe);
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
        var model = CheckpointFiles.ReadModel(folder, Compute.Device);
        model.LeaveOut(TokenizerLoader.Load(folder).IdsWithoutToken(model.Config.VocabularySize));
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

    private static void Attach(CausalLm model, LoraRecipe lora, ulong seed) =>
        LoraAdapter.Attach(model, new LoraConfig { Rank = lora.Rank, Alpha = lora.Alpha, Targets = lora.Targets }, seed);

    private static TorchSharp.torch.ScalarType TypeOf(TrainingPrecision precision) =>
        precision == TrainingPrecision.Bfloat16 ? TorchSharp.torch.ScalarType.BFloat16 : TorchSharp.torch.ScalarType.Float32;

    private Policy Create(CausalLm model, ITokenizer with)
    {
        model.LeaveOut(with.IdsWithoutToken(model.Config.VocabularySize));
        return new(model, with, GeneratorFactory.Create(model, Compute.Threads));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        policy?.Dispose();
        reference?.Model.Dispose();
        RewardModels.Dispose();
    }
}

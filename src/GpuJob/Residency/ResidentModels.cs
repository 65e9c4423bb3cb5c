using R1Cloud.GpuJob.Adapters;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Generation.Engines;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Residency;

/// <summary>
/// The models that a worker keeps in memory between jobs: one policy, one reference and one teacher. They are known by the checkpoint that
/// they hold, so a rollout that follows an update finds the weights where the update left them. One job at a time.
/// </summary>
/// <param name="compute">Starts torch when the first model is needed, so that a worker without one starts quickly.</param>
/// <param name="cacheFolder">Where downloaded checkpoints are kept.</param>
/// <param name="engines">The engines that sample where a job asks for one; null for none.</param>
internal sealed class ResidentModels(Lazy<Compute> compute, string cacheFolder, EngineLinks? engines = null) : IDisposable
{
    private Policy? policy;
    private string? tokenizer; // the fingerprint of the policy's
    private readonly FrozenModel reference = new(), teacher = new();
    private (string Checkpoint, OptimizerState State)? parked; // of a policy that gave way to another one's weights

    /// <summary>Training states on their way to storage.</summary>
    public StateUploads Uploads { get; } = new();

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
        var external = context.Spec.Payload.Engine is { } chosen and not SamplingEngine.Own ? chosen : (SamplingEngine?)null;
        found.SampleBy(external?.ToString().ToLowerInvariant(), external is { } engine
            ? model => (engines ?? throw new BadInputException($"Job '{context.Spec.JobId}' samples by {engine}, which needs a worker."))
                .Generator(engine, model)
            : null);
        return found;
    }

    private async Task<Policy> FindAsync(string checkpoint, JobContext context)
    {
        if (policy?.Checkpoint == checkpoint) return policy;
        var folder = await DownloadAsync(checkpoint, CheckpointPart.Model, context);
        using var _ = context.Time.Measure(TimePart.Storage);
        var fingerprint = TokenizerFiles.Read(folder).Fingerprint();
        Park();
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
            policy.AdapterBase = (await new CheckpointStore(context.Blobs).ReadAsync(checkpoint, context.Preemption)).Base;
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
        if (!freshOptimizer)
            return await TryTrainableAsync(checkpoint, recipe, context)
                ?? throw new CheckpointCorruptException($"Checkpoint '{checkpoint}' has no training state: nothing can go on from it.");
        var trained = await PolicyAsync(checkpoint, context, recipe.Precision);
        trained.Model.Recompute = recipe.Recompute;
        trained.Optimizer?.Dispose();
        (trained.Optimizer, trained.HoldsOnlyState) = (null, false);
        Unpark(); // another stage's
        var isWhole = trained.Model.Lora is null;
        LoraAdapter.Merge(trained.Model); // an earlier stage's
        trained.AdapterBase = recipe.Lora is not null && isWhole ? checkpoint : null;
        if (recipe.Lora is { } lora)
            Attach(trained.Model, lora, Seeds.Derive(context.Spec.Payload.Seed, context.Spec.Payload.Stage + "/adapter"));
        trained.Optimizer = new AdamW(trained.Model.Trainable, recipe);
        return trained;
    }

    /// <summary>
    /// The same in the midst of a training, where its state is at hand: in memory, with the checkpoint, or apart from it.
    /// </summary>
    /// <returns>Null where the state is nowhere.</returns>
    public async Task<Policy?> TryTrainableAsync(string checkpoint, OptimizerRecipe recipe, JobContext context)
    {
        if (Resident(checkpoint, recipe) is { } there) return there;
        var stored = parked?.Checkpoint == checkpoint ? null : await StateFolderAsync(checkpoint, context);
        if (parked?.Checkpoint != checkpoint && stored is null) return null;
        var trained = await PolicyAsync(checkpoint, context, recipe.Precision);
        trained.Model.Recompute = recipe.Recompute;
        var optimizer = new AdamW(trained.Model.Trainable, recipe);
        using (context.Time.Measure(TimePart.Storage))
        {
            if (stored is null) optimizer.Load(parked!.Value.State);
            else optimizer.Load(Path.Combine(stored, CheckpointFiles.Optimizer));
        }
        Unpark();
        trained.Optimizer = optimizer;
        return trained;
    }

    /// <summary>
    /// Takes the weights of a committed checkpoint in place of others that were computed again, and keeps the optimizer's state.
    /// </summary>
    public async Task<Policy> WithWeightsOfAsync(string checkpoint, Policy computed, OptimizerRecipe recipe, JobContext context)
    {
        Unpark();
        parked = (checkpoint, computed.Optimizer!.Release());
        computed.Optimizer = null;
        computed.BeginChange();
        return (await TryTrainableAsync(checkpoint, recipe, context))!;
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
        Unpark();
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
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="context">The attempt.</param>
    /// <param name="precision">What it computes in.</param>
    public Task<CausalLm> ReferenceAsync(string checkpoint, JobContext context, TrainingPrecision precision) =>
        FrozenAsync(reference, checkpoint, context, precision);

    /// <summary>The frozen teacher of a policy that is in memory.</summary>
    /// <param name="checkpoint">The teacher's checkpoint.</param>
    /// <param name="context">The attempt.</param>
    /// <param name="precision">What it computes in.</param>
    /// <exception cref="BadInputException">Its tokens are others than the policy's.</exception>
    public async Task<CausalLm> TeacherAsync(string checkpoint, JobContext context, TrainingPrecision precision)
    {
        var model = await FrozenAsync(teacher, checkpoint, context, precision);
        var own = policy!.Tokenizer;
        if (teacher.Alike == own) return model;
        if (own.Difference(teacher.Tokenizer!) is { } difference)
            throw new BadInputException($"Job '{context.Spec.JobId}': the teacher '{checkpoint}' has other tokens than the student: "
                + $"{difference}.");
        teacher.Alike = own;
        return model;
    }

    private async Task<CausalLm> FrozenAsync(FrozenModel slot, string checkpoint, JobContext context, TrainingPrecision precision)
    {
        if (slot.Checkpoint != checkpoint)
        {
            slot.Dispose();
            var folder = await DownloadAsync(checkpoint, CheckpointPart.Model, context);
            using var _ = context.Time.Measure(TimePart.Storage);
            var (model, tokens) = (CheckpointFiles.ReadModel(folder, Compute.Device), TokenizerLoader.Load(folder));
            model.LeaveOut(tokens.IdsWithoutToken(model.Config.VocabularySize));
            slot.Is(checkpoint, model, tokens);
        }
        slot.Model!.ComputeType = TypeOf(precision);
        return slot.Model;
    }

    /// <summary>Saves the policy as a checkpoint and, once that is committed, knows it by that name.</summary>
    public static async Task SaveAsync(Policy saved, string checkpoint, string stage, int step, string? parent, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        var folder = Directory.CreateDirectory(Path.Combine(context.ScratchFolder, "checkpoint")).FullName;
        CheckpointFiles.Write(saved, folder, new TrainerState(stage, step, saved.Optimizer?.Steps ?? 0, context.Spec.Payload.Seed));
        var manifest = await new CheckpointStore(context.Blobs).WriteAsync(checkpoint, stage, step, context.Attempt, parent, folder,
            saved.AdapterBase, CancellationToken.None);
        // Another attempt may have been first. Its weights count, and only a deterministic run may take these for those.
        if (manifest.Attempt == context.Attempt) saved.Is(checkpoint);
    }

    /// <summary>
    /// Saves the policy's weights as a checkpoint and, once that is committed, knows it by that name. A training state goes to storage
    /// beside what comes next: where the one before is not there yet and is on no way, this one is waited for.
    /// </summary>
    /// <param name="saved">The policy.</param>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="step">Its step.</param>
    /// <param name="parent">The checkpoint that it grew from.</param>
    /// <param name="state">Whether the training state is stored, and which checkpoint's was before; null where it is not.</param>
    /// <param name="context">The attempt.</param>
    public async Task SaveApartAsync(Policy saved, string checkpoint, string stage, int step, string? parent, StateDue? state,
        JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        var store = new CheckpointStore(context.Blobs);
        var trainer = new TrainerState(stage, step, saved.Optimizer?.Steps ?? 0, context.Spec.Payload.Seed);
        var folder = Directory.CreateDirectory(Path.Combine(context.ScratchFolder, "checkpoint")).FullName;
        CheckpointFiles.WriteModel(saved, folder, trainer);
        if (state is not null)
        {
            await Uploads.WaitAsync();
            // Who goes on from here finds this state or the one before: so one of them is there before the checkpoint is.
            var isSafe = state.Before is null || await HasStateAsync(state.Before, context);
            var upload = Uploads.BeginAsync(WriteState(saved, trainer, context), checkpoint, trainer, context);
            if (!isSafe) await upload;
        }
        var manifest = await store.WriteAsync(
            checkpoint, stage, step, context.Attempt, parent, folder, saved.AdapterBase, CancellationToken.None);
        if (manifest.Attempt == context.Attempt) saved.Is(checkpoint);
        saved.HoldsOnlyState = true;
    }

    /// <summary>Sends a policy's training state to storage, beside what comes next, where it is not there.</summary>
    public async Task StoreStateAsync(Policy policy, string checkpoint, string stage, int step, JobContext context)
    {
        await Uploads.WaitAsync();
        if (await HasStateAsync(checkpoint, context)) return;
        var trainer = new TrainerState(stage, step, policy.Optimizer!.Steps, context.Spec.Payload.Seed);
        _ = Uploads.BeginAsync(WriteState(policy, trainer, context), checkpoint, trainer, context);
    }

    private static string WriteState(Policy policy, TrainerState trainer, JobContext context)
    {
        var folder = Directory.CreateDirectory(Path.Combine(context.ScratchFolder, $"state-{trainer.Step}")).FullName;
        CheckpointFiles.WriteState(policy, folder, trainer);
        return folder;
    }

    private static async Task<bool> HasStateAsync(string checkpoint, JobContext context) =>
        await new CheckpointStore(context.Blobs).TryReadAsync(BlobLayout.TrainingState(checkpoint), context.Preemption) is not null;

    private async Task<string?> StateFolderAsync(string checkpoint, JobContext context)
    {
        var manifest = await new CheckpointStore(context.Blobs).ReadAsync(checkpoint, context.Preemption);
        if (manifest.FilesOf(CheckpointPart.State).Any()) return await DownloadAsync(checkpoint, CheckpointPart.State, context);
        return await HasStateAsync(checkpoint, context)
            ? await DownloadAsync(BlobLayout.TrainingState(checkpoint), CheckpointPart.State, context) : null;
    }

    // The weights are stored, the optimizer's moments may not be: they wait in host memory for their policy to come back.
    private void Park()
    {
        if (policy is not { HoldsOnlyState: true, Optimizer: { } optimizer, Checkpoint: { } checkpoint }) return;
        Unpark();
        parked = (checkpoint, optimizer.Release());
        (policy.Optimizer, policy.HoldsOnlyState) = (null, false);
    }

    private void Unpark()
    {
        parked?.State.Dispose();
        parked = null;
    }

    private async Task<string> DownloadAsync(string checkpoint, CheckpointPart part, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        return await new CheckpointStore(context.Blobs).DownloadAsync(checkpoint, part, cacheFolder, context.Preemption);
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
        Uploads.Dispose();
        policy?.Dispose();
        reference.Dispose();
        teacher.Dispose();
        Unpark();
        RewardModels.Dispose();
    }
}

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
/// <param name="fit">Refuses what the device has no room for; null refuses nothing.</param>
internal sealed class ResidentModels(Lazy<Compute> compute, string cacheFolder, EngineLinks? engines = null, DeviceFit? fit = null)
    : IDisposable
{
    private Policy? policy;
    private string? tokenizer; // the fingerprint of the policy's
    private readonly FrozenModel reference = new(), teacher = new();
    private (string Checkpoint, OptimizerState State)? parked; // of a policy that gave way to another one's weights

    /// <summary>Training states on their way to storage.</summary>
    public StateUploads Uploads { get; } = new();

    /// <summary>The reward models, beside policy and reference.</summary>
    public ResidentRewardModels RewardModels { get; } = new(compute, cacheFolder);

    /// <summary>Refuses what the device has no room for.</summary>
    public DeviceFit Fit { get; } = fit ?? DeviceFit.Unknown;

    /// <summary>Where tensors are computed.</summary>
    public Compute Compute => compute.Value;

    private ModelPlacements Placements => new(Compute.Group.Replicas[0]);

    /// <summary>The policy of a checkpoint, to read.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="context">The attempt.</param>
    /// <param name="precision">What it computes in. The CPU's own decoder always computes in float32.</param>
    /// <exception cref="CheckpointCorruptException">The checkpoint is torn, missing or changed.</exception>
    public async Task<Policy> PolicyAsync(string checkpoint, JobContext context, TrainingPrecision precision = TrainingPrecision.Float32)
    {
        var found = await FindAsync(checkpoint, context, there => there.Model.Computes(ModelPlacements.TypeOf(precision)),
            (_, _) => Placements.Sampling(precision));
        found.Model.ComputeType = ModelPlacements.TypeOf(precision);
        var external = context.Spec.Payload.Engine is { } chosen and not SamplingEngine.Own ? chosen : (SamplingEngine?)null;
        found.SampleBy(external?.ToString().ToLowerInvariant(), external is { } engine
            ? model => (engines ?? throw new BadInputException($"Job '{context.Spec.JobId}' samples by {engine}, which needs a worker."))
                .Generator(engine, model)
            : null);
        return found;
    }

    // The policy in memory where it serves. What is not there yet is placed by its folder, and by whether a checkpoint has its base.
    private async Task<Policy> FindAsync(string checkpoint, JobContext context, Func<Policy, bool> serves,
        Func<string, bool, Placement> place)
    {
        if (policy is not null && !serves(policy)) GiveUp();
        if (policy?.Checkpoint == checkpoint)
        {
            Fit.Require(context.Spec, policy.Model.Config);
            return policy;
        }
        var folder = await DownloadAsync(checkpoint, CheckpointPart.Model, context);
        Fit.Require(context.Spec, ModelConfig.Load(folder));
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
            var adapterBase = (await new CheckpointStore(context.Blobs).ReadAsync(checkpoint, context.Preemption)).Base;
            policy = Create(CheckpointFiles.ReadModel(folder, place(folder, adapterBase is not null)), TokenizerLoader.Load(folder));
            policy.AdapterBase = adapterBase;
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
        var trained = await ToTrainAsync(checkpoint, recipe, context, fresh: true);
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
        var trained = await ToTrainAsync(checkpoint, recipe, context, fresh: false);
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

    /// <summary>The policy of a checkpoint where and how it is trained, without an optimizer yet.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="recipe">The optimizer's settings.</param>
    /// <param name="context">The attempt.</param>
    public Task<Policy> ToTrainAsync(string checkpoint, OptimizerRecipe recipe, JobContext context) =>
        ToTrainAsync(checkpoint, recipe, context, fresh: true);

    // Fresh: an adapter that is there is merged.
    private async Task<Policy> ToTrainAsync(string checkpoint, OptimizerRecipe recipe, JobContext context, bool fresh)
    {
        var found = await FindAsync(checkpoint, context, there => Trains(there, recipe, fresh),
            (folder, hasBase) => recipe.Lora is null ? Placements.Trained(recipe)
                : Placements.Base(recipe.Precision, stays: fresh ? !LoraAdapter.IsIn(folder) : hasBase));
        (found.Model.ComputeType, found.Model.Recompute) = (ModelPlacements.TypeOf(recipe.Precision), recipe.Recompute);
        return found;
    }

    // Whether a policy is kept as one that is trained so.
    private bool Trains(Policy there, OptimizerRecipe recipe, bool fresh)
    {
        var model = there.Model;
        if (recipe.Lora is null) return model.Placement.IsLike(Placements.Trained(recipe));
        if (model.Placement.IsLike(Compute.Device)) return true;
        var stays = fresh ? model.Lora is null : there.AdapterBase is not null;
        return stays && !model.Placement.HostMasters && model.Computes(ModelPlacements.TypeOf(recipe.Precision));
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
        if (policy is not { Optimizer: not null } || policy.Checkpoint != checkpoint || !Trains(policy, recipe, fresh: false))
            return null;
        (policy.Model.ComputeType, policy.Model.Recompute) = (ModelPlacements.TypeOf(recipe.Precision), recipe.Recompute);
        return policy;
    }

    /// <summary>A policy with fresh weights, not yet any checkpoint's.</summary>
    public Policy Fresh(ModelConfig config, ITokenizer with, ulong seed, OptimizerRecipe recipe)
    {
        policy?.Dispose();
        policy = null;
        Unpark();
        policy = Create(CausalLm.Create(config, Placements.Trained(recipe), seed), with);
        tokenizer = null;
        (policy.Model.ComputeType, policy.Model.Recompute) = (ModelPlacements.TypeOf(recipe.Precision), recipe.Recompute);
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
        var from = await ToTrainAsync(checkpoint, recipe, context);
        from.BeginChange();
        LoraAdapter.Merge(from.Model); // an earlier stage's
        var scorer = RewardModel.Create(from.Model, seed, Placements.Trained(recipe));
        policy = Create(scorer, from.Tokenizer);
        from.Dispose();
        (scorer.ComputeType, scorer.Recompute) = (ModelPlacements.TypeOf(recipe.Precision), recipe.Recompute);
        policy.Optimizer = new AdamW(scorer.Trainable, recipe);
        return policy;
    }

    /// <summary>The frozen reference model of a checkpoint.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="context">The attempt.</param>
    /// <param name="precision">What it computes in.</param>
    public Task<ModelReplicas> ReferenceAsync(string checkpoint, JobContext context, TrainingPrecision precision) =>
        FrozenAsync(reference, checkpoint, context, precision);

    /// <summary>The frozen teacher of a policy that is in memory.</summary>
    /// <param name="checkpoint">The teacher's checkpoint.</param>
    /// <param name="context">The attempt.</param>
    /// <param name="precision">What it computes in.</param>
    /// <exception cref="BadInputException">Its tokens are others than the policy's.</exception>
    public async Task<ModelReplicas> TeacherAsync(string checkpoint, JobContext context, TrainingPrecision precision)
    {
        var replicas = await FrozenAsync(teacher, checkpoint, context, precision);
        var own = policy!.Tokenizer;
        if (teacher.Alike == own) return replicas;
        if (own.Difference(teacher.Tokenizer!) is { } difference)
            throw new BadInputException($"Job '{context.Spec.JobId}': the teacher '{checkpoint}' has other tokens than the student: "
                + $"{difference}.");
        teacher.Alike = own;
        return replicas;
    }

    private async Task<ModelReplicas> FrozenAsync(FrozenModel slot, string checkpoint, JobContext context, TrainingPrecision precision)
    {
        if (slot.Checkpoint != checkpoint || !slot.Replicas!.Model.Computes(ModelPlacements.TypeOf(precision)))
        {
            slot.Dispose();
            var folder = await DownloadAsync(checkpoint, CheckpointPart.Model, context);
            using var _ = context.Time.Measure(TimePart.Storage);
            var (model, tokens) = (CheckpointFiles.ReadModel(folder, Placements.Frozen(precision)), TokenizerLoader.Load(folder));
            model.LeaveOut(tokens.IdsWithoutToken(model.Config.VocabularySize));
            slot.Is(checkpoint, new ModelReplicas(model, Compute.Group), tokens);
        }
        slot.Replicas!.Model.ComputeType = ModelPlacements.TypeOf(precision);
        return slot.Replicas;
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

    private void GiveUp()
    {
        Park();
        policy?.Dispose();
        policy = null;
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

    // What of the device's memory is not taken by models and their optimizer.
    private double? Room() => Fit.Usable - policy!.Model.DeviceBytes - (policy.Optimizer?.DeviceBytes ?? 0)
        - (reference.Replicas?.Model.DeviceBytes ?? 0) - (teacher.Replicas?.Model.DeviceBytes ?? 0) - RewardModels.DeviceBytes;

    private Policy Create(CausalLm model, ITokenizer with)
    {
        model.LeaveOut(with.IdsWithoutToken(model.Config.VocabularySize));
        var replicas = new ModelReplicas(model, Compute.Group);
        return new(replicas, with, new ReplicaGenerator(replicas, replica => GeneratorFactory.Create(replica, Compute.Threads, Room)));
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
        if (compute.IsValueCreated) Compute.Group.Dispose();
    }
}

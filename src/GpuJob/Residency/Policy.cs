using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Engines;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Tokenizers;
using R1Cloud.Tokenizers.Prompts;

namespace R1Cloud.GpuJob.Residency;

/// <summary>A model in memory with what belongs to it: tokenizer, generator and, when it is being trained, the optimizer.</summary>
/// <param name="replicas">The model and its copies on the worker's other devices.</param>
/// <param name="tokenizer">The tokenizer.</param>
/// <param name="generator">What samples.</param>
internal sealed class Policy(ModelReplicas replicas, ITokenizer tokenizer, IGenerator generator) : IDisposable
{
    private bool stale = true;
    private IGenerator? engine; // one beside the worker
    private bool engineStale = true;
    private string? byEngine; // its name
    private (PromptRecipe Recipe, DateOnly? Date, PromptForm Encode)? prompts;

    /// <summary>
    /// The checkpoint whose content the model (and the optimizer, if any) holds, or the name of a point between two; null while they hold
    /// none's.
    /// </summary>
    public string? Checkpoint { get; private set; }

    /// <summary>How far it is within an update that shards compute; null outside of one.</summary>
    public IPolicyProgress? Progress { get; private set; }

    /// <summary>The model.</summary>
    public CausalLm Model => Replicas.Model;

    /// <summary>The model on every device of the worker.</summary>
    public ModelReplicas Replicas { get; } = replicas;

    /// <summary>The tokenizer.</summary>
    public ITokenizer Tokenizer { get; } = tokenizer;

    /// <summary>What generates.</summary>
    public string Engine => byEngine ?? GeneratorFactory.NameFor(Model);

    /// <summary>The optimizer with its state at <see cref="Checkpoint"/>, or null when the policy was only read.</summary>
    public AdamW? Optimizer { get; set; }

    /// <summary>
    /// Whether the optimizer's state at <see cref="Checkpoint"/> may be in this memory alone, so that it is worth keeping.
    /// </summary>
    public bool HoldsOnlyState { get; set; }

    /// <summary>
    /// The checkpoint whose weights the model has under its adapter, unchanged; null without an adapter, and where no checkpoint has them.
    /// </summary>
    public string? AdapterBase { get; set; }

    /// <summary>How the model reads responses, once a reward model is trained; null for policies.</summary>
    public RewardModelInfo? RewardModel { get; set; }

    /// <summary>
    /// Call before changing weights or optimizer: the policy is no checkpoint's until <see cref="Is"/>, and the generator takes the weights
    /// over again.
    /// </summary>
    public void BeginChange()
    {
        (Checkpoint, Progress, stale, engineStale) = (null, null, true, true);
        Replicas.Changed();
    }

    /// <summary>Says what samples from now on.</summary>
    /// <param name="name">The engine's name; null for the trainer itself.</param>
    /// <param name="make">Makes the generator of an engine beside the worker, once; null for the trainer itself.</param>
    public void SampleBy(string? name, Func<CausalLm, IGenerator>? make)
    {
        byEngine = name;
        engine ??= make?.Invoke(Model);
    }

    /// <summary>Says whose content the policy now holds.</summary>
    public void Is(string checkpoint, IPolicyProgress? progress = null) => (Checkpoint, Progress) = (checkpoint, progress);

    /// <summary>A problem in the form that the recipe asks for, begin mark included.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="prompt">The form.</param>
    /// <param name="date">The date that chat templates see.</param>
    /// <exception cref="BadInputException">The tokenizer cannot write that form.</exception>
    public EncodedPrompt EncodePrompt(PromptText problem, PromptRecipe prompt, DateOnly? date)
    {
        if (prompts is not { } kept || kept.Recipe != prompt || kept.Date != date)
            prompts = (prompt, date, PromptTemplates.Create(prompt, Tokenizer, date));
        return prompts.Value.Encode(problem);
    }

    /// <inheritdoc cref="IGenerator.Generate"/>
    public IReadOnlyList<IReadOnlyList<GenerationResult>> Generate(IReadOnlyList<GenerationRequest> requests, SamplingRecipe sampling,
        CancellationToken preemption)
    {
        var chosen = byEngine is null ? generator : engine!;
        if (byEngine is null ? stale : engineStale) chosen.Refresh();
        if (byEngine is not null) engineStale = false;
        else stale = false;
        try
        {
            return chosen.Generate(requests, sampling, preemption);
        }
        catch (OperationCanceledException) when (preemption.IsCancellationRequested)
        {
            throw new R1Cloud.GpuJob.Attempts.PreemptedException();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        generator.Dispose();
        engine?.Dispose();
        Optimizer?.Dispose();
        Replicas.Dispose();
    }
}

using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Residency;

/// <summary>A place in memory for a model that is read and not trained; empty at first.</summary>
internal sealed class FrozenModel : IDisposable
{
    /// <summary>What it holds; null for nothing.</summary>
    public string? Checkpoint { get; private set; }

    /// <summary>The model, on every device of the worker.</summary>
    public ModelReplicas? Replicas { get; private set; }

    /// <summary>Its tokenizer.</summary>
    public ITokenizer? Tokenizer { get; private set; }

    /// <summary>The tokenizer that its own was last found to agree with.</summary>
    public ITokenizer? Alike { get; set; }

    /// <summary>Holds a checkpoint's model from now on.</summary>
    public void Is(string checkpoint, ModelReplicas replicas, ITokenizer tokenizer) =>
        (Checkpoint, Replicas, Tokenizer) = (checkpoint, replicas, tokenizer);

    /// <inheritdoc/>
    public void Dispose()
    {
        Replicas?.Dispose();
        (Checkpoint, Replicas, Tokenizer, Alike) = (null, null, null, null);
    }
}

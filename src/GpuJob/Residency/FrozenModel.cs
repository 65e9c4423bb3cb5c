using R1Cloud.GpuJob.Models;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Residency;

/// <summary>A place in memory for a model that is read and not trained; empty at first.</summary>
internal sealed class FrozenModel : IDisposable
{
    /// <summary>What it holds; null for nothing.</summary>
    public string? Checkpoint { get; private set; }

    /// <summary>The model.</summary>
    public CausalLm? Model { get; private set; }

    /// <summary>Its tokenizer.</summary>
    public ITokenizer? Tokenizer { get; private set; }

    /// <summary>The tokenizer that its own was last found to agree with.</summary>
    public ITokenizer? Alike { get; set; }

    /// <summary>Holds a checkpoint's model from now on.</summary>
    public void Is(string checkpoint, CausalLm model, ITokenizer tokenizer) =>
        (Checkpoint, Model, Tokenizer) = (checkpoint, model, tokenizer);

    /// <inheritdoc/>
    public void Dispose()
    {
        Model?.Dispose();
        (Checkpoint, Model, Tokenizer, Alike) = (null, null, null, null);
    }
}

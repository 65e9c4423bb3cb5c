using R1Cloud.Inference.Wire;

namespace R1Cloud.Inference.Protocols;

/// <summary>How one kind of engine is spoken to. Every call has a time limit but sampling, whose watch is progress.</summary>
public interface IEngineProtocol : IDisposable
{
    /// <summary>Where it listens.</summary>
    Uri Address { get; }

    /// <summary>What it says of itself.</summary>
    /// <exception cref="EngineException">It cannot be reached, or is no such engine.</exception>
    Task<EngineFacts> DescribeAsync(CancellationToken cancellation);

    /// <summary>Whether it says that it is well. One that hangs may say so as well.</summary>
    Task<bool> IsHealthyAsync(CancellationToken cancellation);

    /// <summary>Tokens that it has generated since it was started.</summary>
    /// <exception cref="EngineException">It cannot be reached.</exception>
    Task<double> GeneratedTokensAsync(CancellationToken cancellation);

    /// <summary>Samples a completion.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellation">Gives up; the engine is told by the closed connection.</param>
    /// <exception cref="EngineException">There is no finished answer, or one that cannot be trusted.</exception>
    Task<EngineAnswer> SampleAsync(EngineRequest request, CancellationToken cancellation);

    /// <summary>Scores a text: log-probability of each token but the first, at temperature 1.</summary>
    /// <param name="ids">The text.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>One less than ids.</returns>
    /// <exception cref="EngineException">There is no answer, or one of other tokens.</exception>
    Task<float[]> ScoreAsync(IReadOnlyList<int> ids, CancellationToken cancellation);

    /// <summary>The version of the weights that it holds, as it was last told.</summary>
    /// <exception cref="EngineException">It cannot be reached.</exception>
    Task<string> WeightVersionAsync(CancellationToken cancellation);

    /// <summary>Has it load other weights and forget what it had computed with the old ones.</summary>
    /// <param name="folder">The weights' folder, where the engine sees it.</param>
    /// <param name="version">What it shall call them.</param>
    /// <param name="cancellation">Gives up; what it holds then is not known.</param>
    /// <exception cref="EngineException">It did not; what it holds is not known.</exception>
    Task LoadWeightsAsync(string folder, string version, CancellationToken cancellation);

    /// <summary>Says what the weights that it holds are called, as after a start.</summary>
    /// <exception cref="EngineException">It cannot be reached.</exception>
    Task NameWeightsAsync(string version, CancellationToken cancellation);

    /// <summary>Whether its digests are SHA-256 of the tensors' bytes, which anyone can compute; else they tell only what has
    /// changed.</summary>
    bool TellsSha256 { get; }

    /// <summary>Digests of the tensors that it holds, by name.</summary>
    /// <exception cref="EngineException">It cannot be reached.</exception>
    Task<IReadOnlyDictionary<string, string>> TensorDigestsAsync(CancellationToken cancellation);

    /// <summary>Numbers of a tensor that it holds.</summary>
    /// <param name="name">The tensor's name in the weights' files.</param>
    /// <param name="rows">The first rows, or of a vector numbers, at most.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Row by row; null where it does not tell.</returns>
    /// <exception cref="EngineException">It cannot be reached.</exception>
    Task<float[]?> TensorValuesAsync(string name, int rows, CancellationToken cancellation);
}

/// <summary>What an engine says of itself.</summary>
/// <param name="Version">The engine's version.</param>
/// <param name="Model">The name under which the model is asked.</param>
/// <param name="MaxLength">The longest sequence, prompt included.</param>
/// <param name="WeightVersion">What it calls the weights that it holds.</param>
public sealed record EngineFacts(string Version, string Model, int MaxLength, string WeightVersion)
{
    /// <summary>The longest prompt.</summary>
    public int MaxPrompt { get; init; } = MaxLength - 1;
    /// <summary>What the one stream began with that all its completions are drawn from, where requests' own seeds have no effect; else
    /// null.</summary>
    public long? Stream { get; init; }
}

/// <summary>A completion that is asked for.</summary>
/// <param name="Prompt">Token ids, at least one, each of the model's.</param>
/// <param name="Seed">The noise; different samples need different ones.</param>
/// <param name="MaxTokens">Most new tokens.</param>
/// <param name="StopIds">Ids that end it; no other does.</param>
public sealed record EngineRequest(IReadOnlyList<int> Prompt, ulong Seed, int MaxTokens, IReadOnlyList<int> StopIds)
{
    /// <summary>Softmax temperature; 0 is greedy.</summary>
    public double Temperature { get; init; } = 1;
    /// <summary>Nucleus; 1 for all.</summary>
    public double TopP { get; init; } = 1;
    /// <summary>The k most likely tokens; 0 for all.</summary>
    public int TopK { get; init; }
    /// <summary>Least likelihood relative to the most likely; 0 for all.</summary>
    public double MinP { get; init; }

    /// <summary>Whether only some tokens can be drawn.</summary>
    public bool Filters => TopP < 1 || TopK > 0 || MinP > 0;
}

/// <summary>A completion.</summary>
/// <param name="Tokens">New ids, the one that ended it included.</param>
/// <param name="LogProbs">Log-probability of each under the distribution that it was drawn from; greedy: under the plain one. NaN where
/// the engine cannot tell.</param>
/// <param name="PlainLogProbs">The same at temperature 1 among all tokens; NaN where the engine cannot tell.</param>
/// <param name="Stopped">Whether a stop id ended it; else the limit.</param>
/// <param name="Versions">The versions of the weights that made its tokens, each once.</param>
public sealed record EngineAnswer(int[] Tokens, float[] LogProbs, float[] PlainLogProbs, bool Stopped,
    IReadOnlyList<string> Versions)
{
    /// <summary>What is not known of as many tokens.</summary>
    public static float[] Untold(int count) => [.. Enumerable.Repeat(float.NaN, count)];
}

using System.Globalization;

namespace R1Cloud.Inference.Proofs;

/// <summary>What an engine has shown of the weights that it holds.</summary>
/// <param name="Type">The element type in which its digests or numbers agree; null where it told none.</param>
/// <param name="Proven">Tensors that are the same byte by byte.</param>
/// <param name="Unproven">Tensors of which its digests tell nothing: it keeps their content in another form, or only parts of them.</param>
/// <param name="MeanDifference">Mean |Δ| of the text's log-probabilities.</param>
/// <param name="MaxDifference">The greatest |Δ|.</param>
public sealed record ProvenWeights(string? Type, int Proven, int Unproven, double MeanDifference, double MaxDifference)
{
    /// <summary>Stored tensors of which numbers were read from the engine and are those of the files.</summary>
    public int ByNumbers { get; init; }
    /// <summary>Tensors whose digest, one of the engine's own kind, changed where the weights did, and only there.</summary>
    public int ByChange { get; init; }

    /// <summary>How many tensors were proven how, in words.</summary>
    public string Told() => string.Create(CultureInfo.InvariantCulture, $"{Proven} of {Proven + Unproven} tensors proven by digest")
        + (ByNumbers + ByChange == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
            $", {ByNumbers} by their numbers, {ByChange} by what changed")) + $" ({Type ?? "none told"})";
}

/// <summary>What an engine told of weights that it has proven.</summary>
/// <param name="Proof">The weights.</param>
/// <param name="Digests">Its digests, by tensor.</param>
internal sealed record ToldDigests(WeightsProof Proof, IReadOnlyDictionary<string, string> Digests);

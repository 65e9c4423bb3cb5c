using System.Globalization;
using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Wire;

namespace R1Cloud.Inference.Proofs;

/// <summary>
/// Has an engine show that it holds a folder's weights: by its tensors' digests or numbers, then by what it gives to a text.
/// </summary>
internal static class Verification
{
    /// <summary>The greatest mean |Δ| in float32: engines agree to some 1e-6 there, and a head that stayed old was seen at 0.03.</summary>
    public const double Float32Tolerance = 1e-4;

    /// <summary>The greatest mean |Δ| where 16 bits are computed in, or where no digest tells: 0.003 is usual.</summary>
    public const double HalfTolerance = 0.01;

    /// <summary>Verifies.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="folder">The weights' folder.</param>
    /// <param name="proof">What it must show.</param>
    /// <param name="longest">The longest text that it scores.</param>
    /// <param name="earlier">What it told of the weights that it held before; null where that is not known.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="EngineException">It holds other weights: the message says in what they differ.</exception>
    public static async Task<(ProvenWeights Proven, ToldDigests Told)> VerifyAsync(IEngineProtocol engine, string folder,
        WeightsProof proof, int longest, ToldDigests? earlier, CancellationToken cancellation)
    {
        var told = new ToldDigests(proof, await engine.TensorDigestsAsync(cancellation));
        var shown = engine.TellsSha256 ? ByDigest(engine, proof, told.Digests)
            : await ByNumbersAsync(engine, folder, proof, told, earlier, cancellation);
        var ids = proof.Ids.Take(longest).ToList(); // what comes later does not change what is given to the tokens before
        var scores = await engine.ScoreAsync(ids, cancellation);
        var differences = scores.Zip(proof.LogProbs, (there, here) => (double)MathF.Abs(there - here)).ToList();
        var (mean, most) = (differences.Average(), differences.Max());
        var tolerance = shown.Type == "float32" && proof.Type == "float32" ? Float32Tolerance : HalfTolerance;
        return mean <= tolerance ? (shown with { MeanDifference = mean, MaxDifference = most }, told)
            : throw Broken(engine, string.Create(CultureInfo.InvariantCulture,
                $"does not sample with the folder's weights: log-probabilities of {ids.Count} tokens "
                + $"differ by {mean:0.#####} on average, {most:0.###} at most; allowed is {tolerance} on average"));
    }

    private static ProvenWeights ByDigest(IEngineProtocol engine, WeightsProof proof, IReadOnlyDictionary<string, string> digests)
    {
        var told = Whole(digests);
        var candidates = proof.Digests.Select(type => (Type: type.Key, Same: told.Where(entry =>
            type.Value.TryGetValue(entry.Key, out var digest) && digest == entry.Value).Select(entry => entry.Key).ToHashSet())).ToList();
        var best = candidates.MaxBy(candidate => candidate.Same.Count);
        var known = proof.Digests.Values.First();
        if (told.Keys.FirstOrDefault(name => known.ContainsKey(name) && !(best.Same?.Contains(name) ?? false)) is { } other)
            throw Broken(engine, $"holds other weights than the folder's: the digest of {other} differs");
        return new(best.Same?.Count > 0 ? best.Type : null, best.Same?.Count ?? 0, known.Keys.Count(name => !told.ContainsKey(name)), 0, 0);
    }

    // Of digests that only the engine itself can compute: they must have changed where the weights have, and only there.
    private static async Task<ProvenWeights> ByNumbersAsync(IEngineProtocol engine, string folder, WeightsProof proof, ToldDigests told,
        ToldDigests? earlier, CancellationToken cancellation)
    {
        var (type, numbers) = await TensorNumbers.CompareAsync(engine, folder, proof.Digests.Keys, cancellation);
        var (held, changes) = (type ?? proof.Type, 0);
        foreach (var (name, digest) in told.Digests)
        {
            if (earlier is null || type is null || !earlier.Digests.TryGetValue(name, out var before)
                || !earlier.Proof.Digests.TryGetValue(held, out var old) || !old.TryGetValue(name, out var was)
                || !proof.Digests[held].TryGetValue(name, out var now)) continue;
            if (was != now && before == digest)
                throw Broken(engine, $"holds other weights than the folder's: {name} is what it was before the hand-over");
            if (was == now && before != digest)
                throw Broken(engine, $"holds other weights than the folder's: {name} has changed, and should not have");
            changes++;
        }
        return new(type, 0, proof.Digests.Values.First().Count, 0, 0) { ByNumbers = numbers, ByChange = changes };
    }

    // Of one rank's whole tensors. Of those cut over several only what every rank holds alike can be compared.
    private static Dictionary<string, string> Whole(IReadOnlyDictionary<string, string> digests)
    {
        var byName = digests.GroupBy(entry => entry.Key[(entry.Key.LastIndexOf(':') + 1)..], StringComparer.Ordinal).ToList();
        var cut = byName.Any(tensor => tensor.Select(rank => rank.Value).Distinct().Count() > 1);
        return byName.Where(tensor => tensor.All(rank => rank.Value == tensor.First().Value && rank.Value != TensorDigests.Nothing)
                && (!cut || tensor.Key.EndsWith("norm.weight", StringComparison.Ordinal)))
            .ToDictionary(tensor => tensor.Key, tensor => tensor.First().Value);
    }

    private static EngineException Broken(IEngineProtocol engine, string what) =>
        new(EngineProblem.Broken, $"{engine.Address.Authority} {what}.");
}

using System.Globalization;
using R1Cloud.Inference.Proofs;
using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Serving;

namespace R1Cloud.EngineTool;

/// <summary>What a trial of an engine showed.</summary>
/// <param name="Servers">What they said of themselves, after the hand-over.</param>
/// <param name="HandOverSeconds">Seconds of the hand-over, with proofs, and with the start where it was started.</param>
/// <param name="Proven">What each server has shown.</param>
/// <param name="Completions">Completions that were sampled, half of them twice.</param>
/// <param name="TokensPerSecond">New tokens a second, over all servers.</param>
/// <param name="RepeatedIds">Share of the repeated completions with the same ids.</param>
/// <param name="RepeatedLogProbs">Share of them with the same log-probabilities, bit for bit.</param>
/// <param name="SampledAgainstScored">Greatest |Δ| between the log-probabilities of drawn tokens and those of the same text scored.</param>
internal sealed record EngineReport(IReadOnlyList<EngineView> Servers, double HandOverSeconds,
    IReadOnlyDictionary<string, ProvenWeights> Proven, int Completions, double TokensPerSecond, double RepeatedIds, double RepeatedLogProbs,
    double SampledAgainstScored)
{
    /// <summary>Whether the servers draw by requests' seeds; else by a stream of their own, and nothing repeats.</summary>
    public bool HeedsSeeds { get; init; }

    private const int Half = 32, MostTokens = 48, PromptTokens = 8;

    /// <summary>Whether it is good to sample with: servers are well, and the same text has the same figures whichever way.</summary>
    public bool IsGood => Servers.All(server => server.Trouble is null) && (RepeatedIds == 1 || !HeedsSeeds) && SampledAgainstScored < 0.2;

    /// <summary>Makes one.</summary>
    public static async Task<EngineReport> MakeAsync(EnginePool pool, string folder, TimeProvider time, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        var proven = await pool.HandOverAsync(folder, cancellation);
        var handedOver = time.GetElapsedTime(began).TotalSeconds;
        var prompt = WeightsProof.Read(folder).Ids.Take(PromptTokens).ToArray();
        var most = Math.Min(MostTokens, (pool.MaxPrompt ?? MostTokens) - prompt.Length); // it is scored as well
        // Each seed twice, apart from each other: what runs beside it must not matter.
        var requests = Enumerable.Range(0, 2 * Half).Select(i => new EngineRequest(prompt, (ulong)(i % Half), most, [])).ToList();
        var answers = new EngineAnswer[requests.Count];
        began = time.GetTimestamp();
        await pool.SampleAsync(requests, (index, answer) => answers[index] = answer, cancellation);
        var seconds = time.GetElapsedTime(began).TotalSeconds;
        var pairs = Enumerable.Range(0, Half).Select(i => (One: answers[i], Other: answers[i + Half])).ToList();
        var scored = await pool.ScoreAsync([.. prompt, .. answers[0].Tokens], cancellation);
        var differences = answers[0].LogProbs.Select((told, i) => Math.Abs((double)told - scored[prompt.Length - 1 + i]));
        return new(await pool.LookAsync(cancellation), handedOver, proven, answers.Length,
            answers.Sum(answer => answer.Tokens.Length) / seconds,
            pairs.Count(pair => pair.One.Tokens.SequenceEqual(pair.Other.Tokens)) / (double)Half,
            pairs.Count(pair => pair.One.LogProbs.SequenceEqual(pair.Other.LogProbs)) / (double)Half, differences.Max())
        {
            HeedsSeeds = pool.HeedsSeeds,
        };
    }

    /// <summary>The figures as lines for people.</summary>
    public IEnumerable<string> Lines()
    {
        foreach (var server in Servers)
            yield return $"{server.Name}: {server.Facts?.Version ?? "?"}, {server.Facts?.Model}, at most {server.Facts?.MaxLength} tokens, "
                + (server.Trouble ?? "well");
        foreach (var (name, shown) in Proven)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{name}: {shown.Told()}, mean |Δ| {shown.MeanDifference:0.#######}, max {shown.MaxDifference:0.#######}");
        yield return string.Create(CultureInfo.InvariantCulture,
            $"hand-over {HandOverSeconds:0.0} s; {Completions} completions, {TokensPerSecond:0} tokens/s");
        if (!HeedsSeeds) yield return "requests' seeds have no effect: the servers draw by streams of their own";
        else yield return string.Create(CultureInfo.InvariantCulture,
            $"same seed: same ids {RepeatedIds:P0}, same log-probabilities {RepeatedLogProbs:P0}");
        yield return string.Create(CultureInfo.InvariantCulture, $"drawn against scored: |Δ| at most {SampledAgainstScored:0.#####}");
    }
}

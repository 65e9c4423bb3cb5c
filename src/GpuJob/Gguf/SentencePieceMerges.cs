namespace R1Cloud.GpuJob.Gguf;

/// <summary>
/// The merges of a SentencePiece BPE vocabulary, which keeps scores only: every way in which a token is two others, the best token first.
/// </summary>
internal static class SentencePieceMerges
{
    /// <summary>Makes them, in the order of transformers' converter.</summary>
    /// <param name="vocabulary">Ids by token, in their order.</param>
    /// <param name="scores">Scores by id.</param>
    public static IReadOnlyList<(string Left, string Right)> Of(IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<double> scores)
    {
        var merges = new List<(string Left, string Right, double Score)>();
        foreach (var (token, id) in vocabulary.OrderBy(entry => entry.Value))
        {
            var ways = new List<(string Left, string Right)>();
            for (var at = 1; at < token.Length; at++)
            {
                if (char.IsLowSurrogate(token[at])) continue;
                var (left, right) = (token[..at], token[at..]);
                if (vocabulary.ContainsKey(left) && vocabulary.ContainsKey(right)) ways.Add((left, right));
            }
            merges.AddRange(ways.OrderBy(way => vocabulary[way.Left]).ThenBy(way => vocabulary[way.Right])
                .Select(way => (way.Left, way.Right, scores[id])));
        }
        return [.. merges.OrderByDescending(merge => merge.Score).Select(merge => (merge.Left, merge.Right))]; // the order of equals stays
    }
}

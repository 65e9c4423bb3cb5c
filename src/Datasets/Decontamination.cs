namespace R1Cloud.Datasets;

/// <summary>
/// Finds problems that share a run of 10 words with an evaluation set (DeepSeek-R1, section 2.3.3 and appendix B.3.2: 10-gram
/// decontamination). Texts of fewer words match as a whole.
/// </summary>
public sealed class Decontamination
{
    /// <summary>Words in a run.</summary>
    public const int NgramWords = 10;

    private readonly Dictionary<ulong, DataRow> grams = [];

    /// <summary>Adds an evaluation problem.</summary>
    public void Add(DataRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        foreach (var gram in Grams(row)) grams.TryAdd(gram, row);
    }

    /// <summary>The evaluation problem that a row shares words with, or null.</summary>
    public DataRow? Find(DataRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        if (grams.Count == 0) return null;
        foreach (var gram in Grams(row))
        {
            if (grams.TryGetValue(gram, out var found)) return found;
        }
        return null;
    }

    private static IEnumerable<ulong> Grams(DataRow row)
    {
        var words = TextKeys.Words(row.Key);
        if (words.Length < NgramWords) yield return TextKeys.Hash(row.Key);
        for (var i = 0; i + NgramWords <= words.Length; i++) yield return TextKeys.HashOf(words.AsSpan(i, NgramWords));
    }
}

/// <summary>A problem left out because an evaluation set has it.</summary>
/// <param name="File">The problem's file.</param>
/// <param name="Row">Its row.</param>
/// <param name="EvaluationFile">The evaluation set's file.</param>
/// <param name="EvaluationRow">The row there.</param>
public sealed record Contamination(string File, int Row, string EvaluationFile, int EvaluationRow);

using System.Text;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Texts;

/// <summary>Repeated n-grams (arXiv 2502.03373, appendix B): (1 − different / all) × the greatest penalty.</summary>
internal sealed class Repetition(RepetitionOptions options)
{
    private const int LongestWord = 24;

    /// <summary>0 when nothing repeats or the text is shorter than an n-gram.</summary>
    public Reward Score(Completion completion)
    {
        var units = options.Unit == RepetitionUnit.Tokens ? [.. completion.Tokens] : WordIds(completion.Text);
        var all = units.Length - options.NgramSize + 1;
        if (all < 1) return new(0, "shorter than an n-gram");
        var different = CountDifferent(units, all);
        return new(different == all ? 0 : (1 - different / (double)all) * options.MaxPenalty,
            $"{different} of {all} {options.NgramSize}-grams differ");
    }

    private int CountDifferent(int[] units, int all)
    {
        var seen = new HashSet<ReadOnlyMemory<int>>(all, NgramComparer.Instance);
        for (var i = 0; i < all; i++) seen.Add(units.AsMemory(i, options.NgramSize));
        return seen.Count;
    }

    private static int[] WordIds(string text)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        return [.. Words(text.ToLowerInvariant()).Select(word => ids.TryGetValue(word, out var id) ? id : ids[word] = ids.Count)];
    }

    // Some scripts write no spaces: there each character is a unit. Elsewhere a run without spaces that is too long for a word is a list,
    // or letters.
    private static IEnumerable<string> Words(string text) => Runs(text).SelectMany(run => run.Length <= LongestWord ? [run] : Pieces(run));

    private static IEnumerable<string> Pieces(string run)
    {
        var start = 0;
        for (var i = 0; i <= run.Length; i++)
        {
            if (i < run.Length && char.IsLetterOrDigit(run[i]) && i - start < LongestWord) continue;
            if (i > start && i - start < LongestWord) yield return run[start..i];
            else for (var at = start; at < i; at++) yield return run[at].ToString();
            start = i < run.Length && char.IsLetterOrDigit(run[i]) ? i : i + 1;
        }
    }

    private static bool HasNoSpaces(R1Cloud.Rewards.Language.Script script) =>
        script is R1Cloud.Rewards.Language.Script.Han or R1Cloud.Rewards.Language.Script.Kana
        or R1Cloud.Rewards.Language.Script.Thai or R1Cloud.Rewards.Language.Script.Southeast;

    private static IEnumerable<string> Runs(string text)
    {
        var word = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            var alone = HasNoSpaces(R1Cloud.Rewards.Language.Scripts.Of(rune));
            if ((alone || Rune.IsWhiteSpace(rune)) && word.Length > 0)
            {
                yield return word.ToString();
                word.Clear();
            }
            if (alone) yield return rune.ToString();
            else if (!Rune.IsWhiteSpace(rune)) word.Append(rune);
        }
        if (word.Length > 0) yield return word.ToString();
    }

    private sealed class NgramComparer : IEqualityComparer<ReadOnlyMemory<int>>
    {
        public static NgramComparer Instance { get; } = new();

        public bool Equals(ReadOnlyMemory<int> x, ReadOnlyMemory<int> y) => x.Span.SequenceEqual(y.Span);

        public int GetHashCode(ReadOnlyMemory<int> ngram)
        {
            var hash = default(HashCode);
            hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(ngram.Span));
            return hash.ToHashCode();
        }
    }
}

using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>
/// Which problems an iteration asks under a curriculum: a function of the pool, the seed, the iteration and the question alone, so that
/// shards and kills change nothing.
/// </summary>
internal sealed class CurriculumDraw
{
    private readonly CurriculumRecipe curriculum;
    private readonly Dictionary<string, (List<AskedProblem> Band, List<AskedProblem> Others)> sources;

    /// <summary>The draws of an iteration.</summary>
    /// <param name="curriculum">The settings.</param>
    /// <param name="pool">What is known of the problems.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="iteration">The iteration.</param>
    public CurriculumDraw(CurriculumRecipe curriculum, DifficultyPool pool, long seed, string stage, int iteration)
    {
        this.curriculum = curriculum;
        Known = pool.Problems.Count;
        sources = pool.Problems.GroupBy(problem => problem.Source).ToDictionary(source => source.Key, source =>
        {
            var shuffled = source.ToArray();
            new SeededRandom(Seeds.Derive(seed, $"{stage}/curriculum/{source.Key}", iteration)).Shuffle(shuffled.AsSpan());
            return (shuffled.Where(IsInBand).ToList(), shuffled.Where(problem => !IsInBand(problem)).ToList());
        }, StringComparer.Ordinal);
    }

    /// <summary>Problems whose pass rates are known.</summary>
    public int Known { get; }

    /// <summary>Those of them in the band.</summary>
    public int InBand => sources.Values.Sum(source => source.Band.Count);

    /// <summary>
    /// The draw of a question: of the band each problem once; for the share that explores, and when the band is used up, the problem whose
    /// turn it is, or where that is one of the band another that is known and outside of it.
    /// </summary>
    /// <param name="source">The question's source.</param>
    /// <param name="index">Questions of the source that come before it in the iteration.</param>
    /// <param name="regular">The problem whose turn it is.</param>
    /// <param name="idOf">Gives a drawn problem's id.</param>
    public (ProblemDraw Draw, bool FromBand) Choose(string source, long index, ProblemDraw regular, Func<ProblemDraw, string> idOf)
    {
        if (!sources.TryGetValue(source, out var known)) return (regular, false);
        var (before, after) = ((long)(index * curriculum.Explore), (long)((index + 1) * curriculum.Explore));
        if (before == after && index - before < known.Band.Count) return (known.Band[(int)(index - before)].Draw(), true);
        if (known.Others.Count == 0 || known.Band.Count == 0) return (regular, false);
        var id = idOf(regular);
        return known.Band.Exists(problem => problem.Problem == id) ? (known.Others[(int)(index % known.Others.Count)].Draw(), false)
            : (regular, false);
    }

    private bool IsInBand(AskedProblem problem) => problem.PassRate() >= curriculum.Low && problem.PassRate() <= curriculum.High;
}

namespace R1Cloud.Shared.Recipes;

/// <summary>Where a question of an RL stage comes from.</summary>
/// <param name="Source">The prompt source's name; empty for the stage's own task.</param>
/// <param name="Position">Problems that come before it among all that the stage draws from the source.</param>
/// <param name="Progress">The share of the source's iterations that is done, from 0 to 1.</param>
public readonly record struct QuestionOrigin(string Source, long Position, double Progress);

/// <summary>
/// Splits an RL stage's questions among its prompt sources: a function of iteration and question alone. An iteration's
/// questions are shared out by largest remainder and dealt evenly, so that any run of them, a shard or a round of dynamic sampling, holds
/// about the sources' shares. Questions beyond the iteration's number repeat the pattern; their problems come after all regular ones of
/// the stage, so that how many are needed moves nobody else's.
/// </summary>
public sealed class QuestionSplit
{
    private readonly RlStage stage;
    private readonly IReadOnlyList<(string Name, PromptSource Source)> sources;
    private readonly Phase[] phases;

    /// <summary>The split of a stage's questions.</summary>
    public QuestionSplit(RlStage stage)
    {
        ArgumentNullException.ThrowIfNull(stage);
        (this.stage, sources) = (stage, stage.PromptSources());
        phases = [.. sources.Select(source => source.Source.FromIteration).Distinct().Order()
            .Select(first => new Phase(first, Count(first)))];
    }

    /// <summary>Where a question comes from.</summary>
    /// <param name="iteration">The iteration, from 0.</param>
    /// <param name="question">The question within it, from 0; those of later rounds go on from the number of questions.</param>
    /// <exception cref="ArgumentOutOfRangeException">No source takes part in the iteration.</exception>
    public QuestionOrigin At(int iteration, int question)
    {
        var phase = PhaseOf(iteration);
        var (block, at) = Math.DivRem(question, stage.Questions);
        var (source, index) = phase.Deal[at];
        var count = phase.Counts[source];
        var before = Before(source, iteration);
        var position = block == 0
            ? before + index
            : Before(source, stage.Iterations) + before * (stage.MostRounds() - 1) + (long)(block - 1) * count + index;
        var (name, prompts) = sources[source];
        return new(name, position, (iteration - prompts.FromIteration) / Math.Max(1.0, stage.Iterations - prompts.FromIteration - 1));
    }

    /// <summary>Questions of the same source that come before one in its iteration.</summary>
    /// <param name="iteration">The iteration, from 0.</param>
    /// <param name="question">The question within it, from 0.</param>
    public long IndexAt(int iteration, int question)
    {
        var phase = PhaseOf(iteration);
        var (block, at) = Math.DivRem(question, stage.Questions);
        var (source, index) = phase.Deal[at];
        return (long)block * phase.Counts[source] + index;
    }

    /// <summary>Most questions of a source in one iteration's number.</summary>
    public int Most(string source) => Counts(source).Max();

    /// <summary>Fewest questions of a source in an iteration in which it takes part.</summary>
    public int Least(string source) => Counts(source).Min();

    /// <summary>Regular questions of a source in the whole stage.</summary>
    public long Total(string source) => Before(IndexOf(source), stage.Iterations);

    private Phase PhaseOf(int iteration) => Array.FindLast(phases, phase => phase.First <= iteration)
        ?? throw new ArgumentOutOfRangeException(nameof(iteration), iteration, "No source takes part.");

    private IEnumerable<int> Counts(string source)
    {
        var index = IndexOf(source);
        return phases.Where(phase => phase.First >= sources[index].Source.FromIteration).Select(phase => phase.Counts[index]);
    }

    private int IndexOf(string source) => sources.Select((item, index) => (item.Name, index)).First(item => item.Name == source).index;

    // Regular questions of a source in the iterations before one.
    private long Before(int source, int iteration)
    {
        var sum = 0L;
        for (var i = 0; i < phases.Length && phases[i].First < iteration; i++)
        {
            var end = i + 1 < phases.Length ? Math.Min(iteration, phases[i + 1].First) : iteration;
            sum += (long)(end - phases[i].First) * phases[i].Counts[source];
        }
        return sum;
    }

    // Largest remainder; of equal ones the first in the order of names.
    private int[] Count(int iteration)
    {
        var shares = sources.Select(source => source.Source.FromIteration <= iteration ? source.Source.Share : 0).ToArray();
        var most = shares.Max(); // shares may be too large to be added up
        var sum = shares.Sum(share => share / most);
        var quotas = shares.Select(share => share / most / sum * stage.Questions).ToArray();
        var counts = quotas.Select(quota => (int)quota).ToArray();
        foreach (var index in Enumerable.Range(0, counts.Length).OrderByDescending(index => quotas[index] - counts[index])
            .Take(stage.Questions - counts.Sum())) counts[index]++;
        return counts;
    }

    // The iterations from one on in which the same sources take part.
    private sealed class Phase(int first, int[] counts)
    {
        public int First { get; } = first;

        public int[] Counts { get; } = counts;

        /// <summary>The source of each question, and how many of the source come before it.</summary>
        public (int Source, int Index)[] Deal { get; } =
        [
            .. counts.SelectMany((count, source) =>
                Enumerable.Range(0, count).Select(index => (Source: source, Index: index, At: (index + 0.5) / count)))
                .OrderBy(question => question.At).ThenBy(question => question.Source).Select(question => (question.Source, question.Index)),
        ];
    }
}

using R1Cloud.GpuJob.Supervised;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Jobs.Pretraining;

/// <summary>A task of a corpus.</summary>
/// <param name="Task">The task.</param>
/// <param name="Share">Its part, in any unit.</param>
internal sealed record CorpusSource(IWorkedTask Task, double Share);

/// <summary>A pretraining corpus made on the fly: any step's batch can be made at any time, so a cursor is just the step.</summary>
internal sealed class Corpus(IReadOnlyList<CorpusSource> sources, ITokenizer tokenizer, CorpusMix mix, long seed, string stage)
{
    private readonly double whole = sources.Sum(source => source.Share);

    /// <summary>Every character that the tasks' texts may hold, each once.</summary>
    public static string Alphabet(IEnumerable<CorpusSource> sources) =>
        string.Concat(sources.SelectMany(source => source.Task.Alphabet).Distinct());

    /// <summary>A step's sequences.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="count">Sequences.</param>
    public IReadOnlyList<TrainingRow> Batch(int step, int count) => [.. Enumerable.Range(0, count).Select(row => Row(step, row))];

    private TrainingRow Row(int step, int row)
    {
        var task = Draw(step, row);
        var problem = task.Training(Seeds.Derive(seed, stage + "/problem", step, row));
        var example = task.WorkedExample(problem, mix, new SeededRandom(Seeds.Derive(seed, stage + "/example", step, row)));
        int[] prompt = [.. tokenizer.BosId is { } bos ? (int[])[bos] : [], .. tokenizer.Encode(problem.Prompt)];
        return new(prompt, [.. tokenizer.Encode(example), tokenizer.EosId]);
    }

    private IWorkedTask Draw(int step, int row)
    {
        var left = new SeededRandom(Seeds.Derive(seed, stage + "/task", step, row)).NextDouble() * whole;
        foreach (var source in sources)
        {
            if ((left -= source.Share) < 0) return source.Task;
        }
        return sources[^1].Task; // what rounding leaves over
    }
}

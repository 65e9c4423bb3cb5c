using R1Cloud.GpuJob.Jobs.Supervised;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.GpuJob.Tokenizers;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Jobs.Pretraining;

/// <summary>A pretraining corpus made on the fly: any step's batch can be made at any time, so a cursor is just the step.</summary>
internal sealed class Corpus(IWorkedTask task, ITokenizer tokenizer, CorpusMix mix, long seed, string stage)
{
    /// <summary>A step's sequences.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="count">Sequences.</param>
    public IReadOnlyList<TrainingRow> Batch(int step, int count) => [.. Enumerable.Range(0, count).Select(row => Row(step, row))];

    private TrainingRow Row(int step, int row)
    {
        var problem = task.Training(Seeds.Derive(seed, stage + "/problem", step, row));
        var example = task.WorkedExample(problem, mix, new SeededRandom(Seeds.Derive(seed, stage + "/example", step, row)));
        int[] prompt = [.. tokenizer.BosId is { } bos ? (int[])[bos] : [], .. tokenizer.Encode(problem.Prompt)];
        return new(prompt, [.. tokenizer.Encode(example), tokenizer.EosId]);
    }
}

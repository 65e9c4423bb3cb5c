using R1Cloud.GpuJob.RewardModels;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Tokenizers.Prompts;

namespace R1Cloud.GpuJob.Jobs.RewardTraining;

/// <summary>A preference pair as the model reads it.</summary>
/// <param name="Chosen">Token ids of prompt and better response.</param>
/// <param name="Rejected">Those of the worse one.</param>
internal sealed record PairRow(int[] Chosen, int[] Rejected);

/// <summary>A labelled response as the model reads it.</summary>
/// <param name="Response">Token ids of prompt and response.</param>
/// <param name="Safe">Its label.</param>
internal sealed record LabelRow(int[] Response, bool Safe);

/// <summary>The rows of a reward model's training. A row is a function of seed, stage and number alone.</summary>
/// <param name="job">The training.</param>
/// <param name="task">The task that makes the rows.</param>
/// <param name="reader">What the model reads of them.</param>
/// <param name="maxTokens">Most tokens that the model takes.</param>
internal sealed class RewardRows(RewardModelJob job, IProblemTask task, ResponseReader reader, int maxTokens)
{
    /// <summary>The pairs to learn from, and those held out.</summary>
    /// <exception cref="BadInputException">The task has no pairs, too few, or one that the model cannot read.</exception>
    public (IReadOnlyList<PairRow> Training, IReadOnlyList<PairRow> HeldOut) Pairs()
    {
        if (task is not IPreferenceTask pairs) throw Lacks("preference pairs");
        return ([.. Draws().Select(pairs.TrainingPair).Select(Row)], [.. pairs.HeldOutPairs(job.Settings.HeldOut).Select(Row)]);

        PairRow Row(PreferencePair pair) => new(Read(pair.Id, pair.Prompt, pair.Chosen), Read(pair.Id, pair.Prompt, pair.Rejected));
    }

    /// <summary>The labelled responses to learn from, and those held out.</summary>
    /// <exception cref="BadInputException">The task has none, too few, or one that the model cannot read.</exception>
    public (IReadOnlyList<LabelRow> Training, IReadOnlyList<LabelRow> HeldOut) Labels()
    {
        if (task is not ILabelledTask labels) throw Lacks("labelled responses");
        return ([.. Draws().Select(labels.TrainingResponse).Select(Row)], [.. labels.HeldOutResponses(job.Settings.HeldOut).Select(Row)]);

        LabelRow Row(LabelledResponse response) => new(Read(response.Id, response.Prompt, response.Response), response.Safe);
    }

    private IEnumerable<ProblemDraw> Draws() => Enumerable.Range(0, job.Settings.Rows).Select(number => new ProblemDraw(
        Seeds.Derive(job.Seed, job.Stage + "/row", number), Position: number, Progress: number / Math.Max(1.0, job.Settings.Rows - 1)));

    private int[] Read(string id, PromptText prompt, string response)
    {
        var ids = reader.Read(prompt, response)
            ?? throw new BadInputException(
                $"Stage '{job.Stage}': row '{id}': a response's thinking does not end, so there is no summary to score.");
        return ids.Length <= maxTokens
            ? ids : throw new BadInputException(
                $"Stage '{job.Stage}': row '{id}': a response has {ids.Length} tokens with its prompt; the model takes {maxTokens} at "
                + $"most.");
    }

    private BadInputException Lacks(string what) =>
        new($"Stage '{job.Stage}': objective {job.Settings.Objective} needs a task with {what}; '{job.Settings.Task}' "
            + $"({job.Task.GetType().Name}) has none.");
}

using R1Cloud.GpuJob.Weights;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Jobs.Rollouts;

/// <summary>
/// Rollout rows as a safetensors file: flat token ids and log-probabilities with the rows' offsets, so that 8,192 long completions stay
/// compact and load at once. Prompts are stored once a question.
/// </summary>
internal static class RolloutFile
{
    /// <summary>Writes rows; those of one question must stand together.</summary>
    public static void Write(string path, IReadOnlyList<RolloutRow> rows)
    {
        using var _ = NewDisposeScope();
        var prompts = rows.GroupBy(row => row.Question).Select(group => (Question: group.Key, group.First().Prompt)).ToList();
        SafetensorsWriter.Write(path,
        [
            ("completion.ids", tensor(rows.SelectMany(row => row.Completion).ToArray())),
            ("completion.log_probs", tensor(rows.SelectMany(row => row.LogProbs).ToArray())),
            ("completion.policy_log_probs", tensor(rows.SelectMany(row => row.PolicyLogProbs).ToArray())),
            ("completion.lengths", tensor(rows.Select(row => row.Completion.Length).ToArray())),
            ("completion.questions", tensor(rows.Select(row => row.Question).ToArray())),
            ("completion.rewards", tensor(rows.Select(row => row.Reward).ToArray())),
            ("completion.truncated", tensor(rows.Select(row => row.Truncated ? 1 : 0).ToArray())),
            ("completion.dropped", tensor(rows.Select(row => row.Dropped ? 1 : 0).ToArray())),
            ("prompt.ids", tensor(prompts.SelectMany(prompt => prompt.Prompt).ToArray())),
            ("prompt.lengths", tensor(prompts.Select(prompt => prompt.Prompt.Length).ToArray())),
            ("prompt.questions", tensor(prompts.Select(prompt => prompt.Question).ToArray())),
        ]);
    }

    /// <summary>Reads rows back.</summary>
    /// <exception cref="WeightsFormatException">The file is torn or malformed.</exception>
    /// <exception cref="BadInputException">Its tensors do not fit together.</exception>
    public static List<RolloutRow> Read(string path)
    {
        using var _ = NewDisposeScope();
        using var file = new SafetensorsReader(path);
        int[] Ints(string name) => Find(name).data<int>().ToArray();
        float[] Floats(string name) => Find(name).data<float>().ToArray();
        TorchSharp.torch.Tensor Find(string name) => file.Tensors.ContainsKey(name)
            ? file.Read(name)
            : throw new BadInputException($"{path}: tensor '{name}' is missing; this is no rollout file.");

        var (ids, logProbs, policyLogProbs, lengths) =
            (Ints("completion.ids"), Floats("completion.log_probs"), Floats("completion.policy_log_probs"), Ints("completion.lengths"));
        var (questions, rewards, truncated, dropped) =
            (Ints("completion.questions"), Floats("completion.rewards"), Ints("completion.truncated"), Ints("completion.dropped"));
        if (ids.Length != lengths.Sum() || logProbs.Length != ids.Length || policyLogProbs.Length != ids.Length
            || questions.Length != lengths.Length || rewards.Length != lengths.Length || truncated.Length != lengths.Length
            || dropped.Length != lengths.Length)
        {
            throw new BadInputException(
                $"{path}: {lengths.Length} rows of {lengths.Sum()} tokens announced, but {ids.Length} ids, {logProbs.Length} "
                + $"log-probabilities, {rewards.Length} rewards found.");
        }

        var prompts = Prompts(Ints("prompt.ids"), Ints("prompt.lengths"), Ints("prompt.questions"));
        var rows = new List<RolloutRow>(lengths.Length);
        for (int row = 0, at = 0; row < lengths.Length; at += lengths[row++])
        {
            rows.Add(new RolloutRow
            {
                Question = questions[row],
                Prompt = prompts[questions[row]],
                Completion = ids[at..(at + lengths[row])],
                LogProbs = logProbs[at..(at + lengths[row])],
                PolicyLogProbs = policyLogProbs[at..(at + lengths[row])],
                Reward = rewards[row],
                Truncated = truncated[row] != 0,
                Dropped = dropped[row] != 0,
            });
        }
        return rows;
    }

    private static Dictionary<int, int[]> Prompts(int[] ids, int[] lengths, int[] questions)
    {
        var prompts = new Dictionary<int, int[]>();
        for (int i = 0, at = 0; i < lengths.Length; at += lengths[i++]) prompts.Add(questions[i], ids[at..(at + lengths[i])]);
        return prompts;
    }
}

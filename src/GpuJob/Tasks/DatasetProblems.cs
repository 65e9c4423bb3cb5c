using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Datasets;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>Problems from a data set's files.</summary>
internal class DatasetProblems : IProblemTask
{
    private const string Placeholder = "{prompt}";

    private readonly DatasetTask recipe;
    private readonly Dataset dataset;
    private readonly HashSet<string> heldOut;

    // Where the problems of the last epochs stand: shards of one iteration draw from the same one or two.
    private readonly Dictionary<long, int[]> epochs = [];

    // What is left of the rows for a model, by its tokenizer and the use.
    private readonly ConditionalWeakTable<ITokenizer, Dictionary<string, DatasetProblems>> fitting = [];

    public DatasetProblems(DatasetTask recipe, Dataset dataset)
    {
        (this.recipe, this.dataset) = (recipe, dataset);
        heldOut = dataset.HeldOut.Select(row => row.Id).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>All training problems, in the data set's own order.</summary>
    public IEnumerable<Problem> AllTraining => dataset.Training.Select(Create);

    /// <summary>All held-out problems, in their order.</summary>
    public IEnumerable<Problem> AllHeldOut => dataset.HeldOut.Select(Create);

    /// <summary>The same without the rows that do not fit into a model: kept in memory, as every job of a stage asks for it.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="use">Says what is made of the rows, and all that fitting depends on.</param>
    /// <param name="fits">Whether a row fits.</param>
    public DatasetProblems Fitting(ITokenizer tokenizer, string use, Func<Problem, bool> fits)
    {
        var uses = fitting.GetValue(tokenizer, _ => []);
        lock (uses)
        {
            if (!uses.TryGetValue(use, out var kept)) uses[use] = kept = With(recipe, dataset.Where(row => fits(Create(row))));
            return kept;
        }
    }

    /// <summary>The same kind of task over other rows.</summary>
    protected virtual DatasetProblems With(DatasetTask task, Dataset rows) => new(task, rows);

    /// <inheritdoc/>
    public int? TrainingCount => dataset.Training.Count;

    /// <inheritdoc/>
    public Problem Training(ProblemDraw draw)
    {
        var count = dataset.Training.Count;
        if (count == 0)
            throw new BadInputException(
                $"Data set {string.Join(", ", recipe.Files)} has no training problems: {dataset.Report.HeldOut} are held "
                + $"out, {dataset.Report.Contaminated.Count} contaminated, {dataset.Report.Difficulty} too easy or too hard.");
        return Create(
            dataset.Training[recipe.Order == DatasetOrder.EasyToHard
                ? Sliding(draw, count) : Epoch(draw.Position / count)[draw.Position % count]]);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Problem> HeldOut(int count) =>
        dataset.HeldOut.Count >= count
            ? [.. dataset.HeldOut.Take(count).Select(Create)]
            : throw new BadInputException(
                $"Data set {string.Join(", ", recipe.Files)}: {count} held-out problems asked for, there are {dataset.HeldOut.Count}.");

    /// <inheritdoc/>
    public bool IsHeldOut(Problem problem) => heldOut.Contains(problem.Id);

    /// <summary>The training problems with what is to be written for each, in the data set's own order.</summary>
    /// <exception cref="BadInputException">The layout has no completions.</exception>
    public IEnumerable<(Problem Problem, string Completion)> Completions() => dataset.Training.Select(row => (Create(row),
        row.Completion
            ?? throw new BadInputException(
                $"{row.File}({row.Number}): has no completion to learn from; allowed are data sets of the layout completions.")));

    // At random out of a fifth of the problems, which begins with the easiest and ends with the hardest.
    private static int Sliding(ProblemDraw draw, int count)
    {
        var window = Math.Max(1, (count + 4) / 5);
        return (int)Math.Round(Math.Clamp(draw.Progress, 0, 1) * (count - window)) + new SeededRandom(draw.Seed).Next(window);
    }

    private int[] Epoch(long epoch)
    {
        lock (epochs)
        {
            if (epochs.TryGetValue(epoch, out var order)) return order;
            order = [.. Enumerable.Range(0, dataset.Training.Count)];
            // the first is the data set's own order, shuffled already
            if (epoch > 0) new SeededRandom(Seeds.Derive(recipe.Seed, "epoch", epoch)).Shuffle(order.AsSpan());
            if (epochs.Count > 3) epochs.Clear();
            return epochs[epoch] = order;
        }
    }

    private Problem Create(DataRow row) => new(row.Id, Templated(row.Prompt), row.Answer) 
    {
        Fields = row.Fields, Messages = row.Messages is { } messages ? Templated(messages) : null, Origin = $"{row.File}({row.Number})",
            Completion = row.Completion,
    };

    private string Templated(string text) => recipe.Template.Replace(Placeholder, text, StringComparison.Ordinal);

    // In a conversation it is the user's last word that is put so.
    private IReadOnlyList<JsonElement> Templated(IReadOnlyList<JsonElement> messages)
    {
        var last = messages.Select(message => message.GetProperty("role").GetString()).ToList().LastIndexOf("user");
        if (recipe.Template == Placeholder || last < 0) return messages;
        var asked = JsonObject.Create(messages[last])!;
        asked["content"] = Templated(messages[last].GetProperty("content").GetString()!);
        return [.. messages.Select((message, index) => index == last ? JsonSerializer.SerializeToElement(asked) : message)];
    }
}

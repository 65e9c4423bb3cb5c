using R1Cloud.GpuJob.Fitting;
using R1Cloud.GpuJob.Residency;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Rewards;
using R1Cloud.Shared;
using R1Cloud.Shared.Memory;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Jobs.Checking;

/// <summary>
/// Looks at a run's inputs as its jobs will, before any of them runs: loads tokenizers, reads data sets, and measures every row in the form
/// in which its stage puts it.
/// </summary>
/// <param name="recipe">The recipe, as it is carried out (<see cref="Recipe.Expand"/>).</param>
/// <param name="blobs">Where inputs in storage are; null where there is no storage to look into: those are left to the run then.</param>
/// <param name="hub">Brings inputs of the Hub.</param>
/// <param name="scratch">A folder for what is fetched from there.</param>
/// <param name="fit">What stages are held to that compute on a GPU; null for nothing.</param>
internal sealed class InputCheck(Recipe recipe, IBlobStore? blobs, IHubReader hub, string scratch, DeviceFit? fit = null)
{
    private const int MostProblems = 50;
    private const int Drawn = 32; // problems of a generated task that stand for all of them

    private readonly CheckedModels models = new(recipe, blobs, hub, scratch);
    private readonly List<string> problems = [];
    private readonly List<CheckedRows> rows = [];
    private readonly Dictionary<string, IProblemTask?> tasks = new(StringComparer.Ordinal);

    /// <summary>Checks everything.</summary>
    public async Task<CheckReport> RunAsync(CancellationToken cancellation)
    {
        foreach (var (name, stage) in recipe.Stages)
        {
            var model = await TryAsync($"stages.{name}", () => models.OfAsync(name, cancellation));
            foreach (var use in RowUses.Of(recipe, name, stage))
            {
                cancellation.ThrowIfCancellationRequested();
                var reader = use.Reader is { } named ? await models.OfAsync(named, cancellation) : model;
                if (reader is null || await TaskAsync(use.Task, cancellation) is not { } task) continue;
                var fitting = Measure(use, reader, task);
                foreach (var other in await OthersAsync(use, stage, reader, cancellation)) Measure(use, other, fitting);
                Judge(use, task);
            }
            CheckMemory(name, stage);
            if (stage is RlStage { Teacher.From: { } teacher } && model is not null
                && await models.OfAsync(teacher, cancellation) is { } greater
                && model.Tokenizer.Difference(greater.Tokenizer) is { } difference)
            {
                problems.Add($"stages.{name}: the teacher {teacher} has other tokens than the student, {difference}; they must have "
                    + "the same.");
            }
        }
        var more = problems.Count - MostProblems;
        return new(more > 0 ? [.. problems.Take(MostProblems), $"and {more} more problems"] : problems, rows);
    }

    private void CheckMemory(string name, StageRecipe stage)
    {
        if (fit is null || models.SizeOf(name) is not { } size) return;
        foreach (var problem in MemoryDemands.Of(stage, recipe)
            .Select(demand => fit.Problem(size, demand, recipe.Workers.DevicesPerReplica)).OfType<string>().Distinct())
            problems.Add($"stages.{name}: {problem}");
    }

    // Who reads the rows besides the stage's model: they have no say in which are left out.
    private async Task<IReadOnlyList<(string Who, Func<RowMeasure> Measure)>> OthersAsync(RowUse use, StageRecipe stage, RowMeasures model,
        CancellationToken cancellation)
    {
        var others = new List<(string, Func<RowMeasure>)>();
        if (use.IsTaught && stage is RlStage { Teacher.From: { } teacher }
            && await models.OfAsync(teacher, cancellation) is { } greater && greater.Positions < model.Positions)
            others.Add(($"the teacher {teacher}", () => use.Measure(model with { Positions = greater.Positions })));
        foreach (var judge in use.Rewards.Select(reward => ModelRewardCatalog.StageOf(reward.Key, reward.Value)).Distinct())
        {
            if (judge is null || recipe.Stages.GetValueOrDefault(judge) is not RewardModelStage { Prompt: var prompt }
                || await models.OfAsync(judge, cancellation) is not { } judging) continue;
            others.Add(($"the reward model {judge}", () => judging.Asked(prompt, maxNewTokens: 1)));
        }
        return others;
    }

    private void Measure(RowUse use, (string Who, Func<RowMeasure> Measure) other, IReadOnlyList<Problem> rows)
    {
        try
        {
            var measure = other.Measure();
            foreach (var row in rows)
            {
                if (Unfit(row) is { } problem) problems.Add($"{use.Field}: {Named(use, row)}: {other.Who} cannot read it: {problem}");
            }

            string? Unfit(Problem row)
            {
                try
                {
                    return measure(row);
                }
                catch (BadInputException e)
                {
                    return e.Message;
                }
            }
        }
        catch (BadInputException e)
        {
            problems.Add($"{use.Field}: {other.Who}: {e.Message}");
        }
    }

    // The rows that fit.
    private List<Problem> Measure(RowUse use, RowMeasures model, IProblemTask task)
    {
        var fitting = new List<Problem>();
        RowMeasure measure;
        try
        {
            measure = use.Measure(model);
        }
        catch (BadInputException e)
        {
            problems.Add($"{use.Field}: {e.Message}");
            return fitting;
        }
        var (measured, leftOut) = (0, 0);
        foreach (var row in Rows(use, task))
        {
            measured++;
            try
            {
                if (measure(row) is not { } unfit) fitting.Add(row);
                else if (use.Prompt.TooLong == LongRows.LeaveOut) leftOut++;
                else problems.Add(
                    $"{use.Field}: {Named(use, row)}: {unfit}. Shorten the row, or set {use.PromptField}.tooLong to leave-out.");
            }
            catch (BadInputException e)
            {
                problems.Add($"{use.Field}: {Named(use, row)}: {e.Message}");
            }
        }
        if (measured > 0 && measured == leftOut)
            problems.Add($"{use.Field}: not one of the {measured} rows of {use.Task} fits into the model.");
        rows.Add(new(use.Field, use.Task, measured, leftOut));
        return fitting;
    }

    // Tells rows that the rewards could not judge.
    private void Judge(RowUse use, IProblemTask task)
    {
        foreach (var (name, reward) in use.Rewards)
        {
            if (RowCheck.For(name, reward.Options) is not { } check) continue;
            foreach (var row in Rows(use, task))
            {
                if (check.Problem(row.Answer, row.Fields) is { } problem)
                    problems.Add($"{use.Field}: {Named(use, row)}: {name}: {problem}");
            }
        }
    }

    private static string Named(RowUse use, Problem row) => row.Origin ?? $"problem '{row.Id}' of {use.Task}";

    private IEnumerable<Problem> Rows(RowUse use, IProblemTask task) => task switch
    {
        DatasetProblems data =>
            use.HeldOut is { } most ? data.AllHeldOut.Take(most) : use.WithHeldOut
            ? data.AllTraining.Concat(data.AllHeldOut) : data.AllTraining,
        _ when use.NeedsFiles => [],
        _ => Enumerable.Range(0, Drawn)
            .Select(number =>
                task.Training(new ProblemDraw(Shared.Seeds.Derive(recipe.Seed, "check", number), number, number / (double)Drawn))),
    };

    private async Task<IProblemTask?> TaskAsync(string name, CancellationToken cancellation)
    {
        if (tasks.TryGetValue(name, out var known)) return known;
        tasks[name] = null; // a wrong one is reported once
        if (!recipe.Tasks.TryGetValue(name, out var task)) return null;
        if (blobs is null && task is DatasetTask data && data.AllFiles().Any(BlobReference.Is)) return null;
        return tasks[name] =
            await TryAsync($"tasks.{name}", async () => (IProblemTask?)await ProblemTasks.CreateAsync(task, blobs, hub, cancellation));
    }

    private async Task<T?> TryAsync<T>(string field, Func<Task<T?>> read)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (BadInputException e)
        {
            problems.AddRange(e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(line => $"{field}: {line}"));
            return null;
        }
    }
}

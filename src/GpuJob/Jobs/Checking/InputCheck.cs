using R1Cloud.GpuJob.Fitting;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Rewards;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Jobs.Checking;

/// <summary>
/// Looks at a run's inputs as its jobs will, before any of them runs: loads tokenizers, reads data sets, and measures every row in the form
/// in which its stage puts it.
/// </summary>
/// <param name="recipe">The recipe, as it is carried out (<see cref="Recipe.Expand"/>).</param>
/// <param name="blobs">Where inputs in storage are; null where there is no storage to look into: those are left to the run then.</param>
/// <param name="scratch">A folder for what is fetched from there.</param>
internal sealed class InputCheck(Recipe recipe, IBlobStore? blobs, string scratch)
{
    private const int MostProblems = 50;
    private const int Drawn = 32; // problems of a generated task that stand for all of them

    private readonly CheckedModels models = new(recipe, blobs, scratch);
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
                if (model is null || await TaskAsync(use.Task, cancellation) is not { } task) continue;
                Measure(use, model, task);
                if (use.HeldOut is null) Judge(use, stage, task);
            }
        }
        var more = problems.Count - MostProblems;
        return new(more > 0 ? [.. problems.Take(MostProblems), $"and {more} more problems"] : problems, rows);
    }

    private void Measure(RowUse use, RowMeasures model, IProblemTask task)
    {
        RowMeasure measure;
        try
        {
            measure = use.Measure(model);
        }
        catch (BadInputException e)
        {
            problems.Add($"{use.Field}: {e.Message}");
            return;
        }
        var (measured, leftOut) = (0, 0);
        foreach (var row in Rows(use, task))
        {
            measured++;
            try
            {
                if (measure(row) is not { } unfit) continue;
                if (use.Prompt.TooLong == LongRows.LeaveOut) leftOut++;
                else problems.Add(
                    $"{use.Field}: {row.Origin ?? $"problem '{row.Id}' of {use.Task}"}: {unfit}. Shorten the row, or set {use.Field}.prompt.tooLong to leave-out.");
            }
            catch (BadInputException e)
            {
                problems.Add($"{use.Field}: {row.Origin ?? $"problem '{row.Id}' of {use.Task}"}: {e.Message}");
            }
        }
        if (measured > 0 && measured == leftOut)
            problems.Add($"{use.Field}: not one of the {measured} rows of {use.Task} fits into the model.");
        rows.Add(new(use.Field, use.Task, measured, leftOut));
    }

    /// <summary>Tells rows that the stage's rewards could not judge.</summary>
    private void Judge(RowUse use, StageRecipe stage, IProblemTask task)
    {
        var sets = stage.RewardSets()
            .Where(set =>
                set.Field == "rewards"
                || $"{use.Field}.".Contains($"{set.Field.Replace(".rewards", "", StringComparison.Ordinal)}.", StringComparison.Ordinal));
        foreach (var (name, reward) in sets.SelectMany(set => set.Rewards))
        {
            if (RowCheck.For(name, reward.Options) is not { } check) continue;
            foreach (var row in Rows(use, task))
            {
                if (check.Problem(row.Answer, row.Fields) is { } problem)
                    problems.Add($"{use.Field}: {row.Origin ?? $"problem '{row.Id}' of {use.Task}"}: {name}: {problem}");
            }
        }
    }

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
        tasks[name] = null; // one that is wrong is told once
        if (!recipe.Tasks.TryGetValue(name, out var task)) return null;
        if (blobs is null && task is DatasetTask data && data.AllFiles().Any(BlobReference.Is)) return null;
        return tasks[name] =
            await TryAsync($"tasks.{name}", async () => (IProblemTask?)await ProblemTasks.CreateAsync(task, blobs!, cancellation));
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

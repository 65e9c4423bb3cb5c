using System.Globalization;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Plan;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>Holds runs to their budgets: what they have cost and what comes next must fit.</summary>
internal sealed class RunBudgets(IRunStore runs, IBlobStore blobs, IWorkerPool pool, RunPlanner planner, PipelineOptions options,
    TimeProvider clock)
{
    /// <summary>Refuses a recipe whose budget this host cannot count.</summary>
    /// <exception cref="RecipeException">The currency is not that of the host's prices, or it has none.</exception>
    public void Check(LoadedRecipe recipe)
    {
        if (recipe.Recipe.Budget is not { } budget || budget.Currency == BudgetRecipe.Hours) return;
        var price = pool.PricePerWorkerHour ?? options.PricePerWorkerHour;
        if (price > 0 && budget.Currency == options.Currency) return;
        var problems = new RecipeProblems();
        problems.Add(new("recipe", 1, 1, "budget.currency", $"\"{budget.Currency}\"",
            price > 0 ? "this host's prices are in another currency" : "this host has no price for a worker's hour (R1_PRICE_PER_HOUR)",
            price > 0 ? $"{options.Currency}, or hours for worker hours" : "hours, for worker hours"));
        problems.ThrowIfAny();
    }

    /// <summary>Admits a unit of work, or says why the run must wait.</summary>
    /// <returns>Null when it is admitted.</returns>
    public async Task<string?> AskAsync(BudgetStep step, CancellationToken cancellation)
    {
        var run = await runs.TryGetAsync(step.RunId, cancellation)
            ?? throw new StorageException($"There is no run '{step.RunId}' in storage.");
        var recipe = run.ParseRecipe();
        if (recipe.Budget is not { } budget) return null;
        var count = await CountAsync(run, recipe, budget, cancellation);
        var unit = new BudgetUnit(step.What, (step.Seconds ?? Planned(recipe, step)) * count.PerSecond, count.Spent);
        var ended = new HashSet<string>();
        foreach (var label in (await BookAsync(run.Id, cancellation)).Units.Keys)
        {
            if (label != step.Label
                && (await blobs.TryReadJsonAsync<StageRecord>(BlobLayout.StageRecord(run.Id, label), cancellation))?.Result is not null)
                ended.Add(label);
        }
        var book = await blobs.ChangeJsonAsync<BudgetBook>(BlobLayout.Budget(run.Id),
            before => Asked(before ?? new(), budget, unit, step.Label, ended, count.Spent), cancellation);
        return book.Held;
    }

    /// <summary>Raises what a run may cost.</summary>
    /// <exception cref="RunConflictException">It has no budget.</exception>
    /// <exception cref="InvalidRequestException">It is not more than before.</exception>
    public async Task RaiseAsync(RunSpec run, double amount, CancellationToken cancellation)
    {
        if (run.ParseRecipe().Budget is not { } budget)
            throw new RunConflictException($"Run '{run.Id}' has no budget: its recipe names none.");
        await blobs.ChangeJsonAsync<BudgetBook>(BlobLayout.Budget(run.Id), before =>
        {
            var book = before ?? new();
            var known = book.Raised ?? budget.Amount;
            // Asked for again it is as it was.
            if (amount < known || (amount == known && book.Raised is null) || !double.IsFinite(amount))
                throw new InvalidRequestException("budget", Text(amount), $"more than {Text(known)} {budget.Currency}");
            return book with { Raised = amount, Held = null, Waits = null };
        }, cancellation);
    }

    /// <summary>How a run stands with its budget; null where it has none.</summary>
    /// <param name="run">The run.</param>
    /// <param name="recipe">Its recipe.</param>
    /// <param name="workers">Its workers.</param>
    /// <param name="isActive">Whether it is not finished: else nothing is under way.</param>
    /// <param name="cancellation">Stops.</param>
    public async Task<BudgetView?> ViewAsync(RunSpec run, Recipe recipe, WorkerPoolView workers, bool isActive,
        CancellationToken cancellation)
    {
        if (recipe.Budget is not { } budget) return null;
        var (book, count) = (await BookAsync(run.Id, cancellation), Count(run, recipe, budget, workers));
        var amount = book.Raised ?? budget.Amount;
        if (!isActive) book = book with { Units = new Dictionary<string, BudgetUnit>(), Waits = null, Held = null };
        var units = book.Waits is { } waits ? [waits] : book.Units.Values.ToList();
        return new(amount, budget.Currency, count.Spent, units.Sum(unit => unit.Estimate),
            book.Units.Values.Sum(unit => unit.Estimate) * Math.Max(0, (book.Worst ?? 2) - 1), count.Spent >= amount * budget.WarnAt,
            units.Count > 0 ? string.Join(", ", units.Select(unit => unit.What)) : null, book.Held);
    }

    /// <summary>The books after a unit of work has asked.</summary>
    internal static BudgetBook Asked(BudgetBook book, BudgetRecipe budget, BudgetUnit unit, string label, IReadOnlySet<string> ended,
        double spent)
    {
        var amount = book.Raised ?? budget.Amount;
        // Alone it is known what a unit has cost; of several side by side it is not.
        var worst = book.Units.Count == 1 && book.Units.TryGetValue(label, out var last) && last.Estimate > 0 && last.What != unit.What
            ? Math.Max(book.Worst ?? 0, (spent - last.SpentBefore) / last.Estimate) : book.Worst;
        var others = book.Units.Where(other => other.Key != label && !ended.Contains(other.Key)).ToDictionary();
        var reserved = others.Values.Sum(other => Math.Max(0, other.Estimate - Math.Max(0, spent - other.SpentBefore)));
        if (spent + reserved + unit.Estimate <= amount)
        {
            others[label] = unit;
            // What waits beside it waits still.
            return book.Waits is { } waits && waits.What != unit.What
                ? book with { Units = others, Worst = worst } : book with { Units = others, Worst = worst, Held = null, Waits = null };
        }
        var words = $"{Text(spent)} of {Text(amount)} {budget.Currency} are spent, and {unit.What} is estimated to cost "
            + $"{Text(unit.Estimate)} more{(reserved > 0 ? $", beside {Text(reserved)} for what is under way" : "")}. Going on takes a "
            + $"budget of {Text(spent + reserved + unit.Estimate)}.";
        return book with { Units = others, Worst = worst, Held = words, Waits = unit };
    }

    private async Task<BudgetBook> BookAsync(string runId, CancellationToken cancellation) =>
        await blobs.TryReadJsonAsync<BudgetBook>(BlobLayout.Budget(runId), cancellation) ?? new();

    private async Task<(double Spent, double PerSecond)> CountAsync(RunSpec run, Recipe recipe, BudgetRecipe budget,
        CancellationToken cancellation) => Count(run, recipe, budget, await pool.GetAsync(run.Id, cancellation));

    // A pool without books is counted from the run's creation: that is never too little.
    private (double Spent, double PerSecond) Count(RunSpec run, Recipe recipe, BudgetRecipe budget, WorkerPoolView workers)
    {
        var nodes = Math.Max(recipe.Workers.Count, workers.Workers.Count);
        var used = workers.Usage is { } usage ? usage.SpotSeconds + usage.DedicatedSeconds
            : nodes * Math.Max(0, Instants.Between(run.CreatedAt, clock.GetUtcNow()).TotalSeconds);
        if (budget.Currency == BudgetRecipe.Hours) return (used / 3600, nodes / 3600.0);
        var price = workers.Usage is { Amount: > 0 } paid && used > 0 ? paid.Amount / used * 3600
            : pool.PricePerWorkerHour ?? options.PricePerWorkerHour;
        return (workers.Usage?.Amount ?? used / 3600 * price, nodes * price / 3600);
    }

    // Seconds by the plan; 0 where it has no estimate: then the budget ends what comes after.
    private double Planned(Recipe recipe, BudgetStep step)
    {
        double Wall(Recipe planned) => planner
            .Plan(planned, new() { Device = options.PlanDevice, Datasets = options.Datasets, Hub = options.Hub }, PriceTable.Default)
            .Stages.FirstOrDefault(stage => stage.Name == step.Stage)?.WallSeconds ?? 0;
        var alone = Wall(recipe with { Evaluation = null });
        return step.Kind switch
        {
            BudgetStepKind.Evaluation => Math.Max(0, Wall(recipe) - alone),
            BudgetStepKind.Iteration => alone / Math.Max(1, recipe.Stages[step.Stage].PlannedSteps()),
            _ => alone,
        };
    }

    private static string Text(double amount) => amount.ToString("0.00##", CultureInfo.InvariantCulture);
}

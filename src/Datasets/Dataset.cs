using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Datasets;

/// <summary>A data set that is ready to be asked from: validated, without duplicates, decontaminated, filtered, split.</summary>
public sealed class Dataset
{
    internal const int MostProblems = 50;

    private const long SplitSeed = 7, OrderSeed = 11;

    private Dataset(IReadOnlyList<DataRow> training, IReadOnlyList<DataRow> heldOut, DatasetReport report) =>
        (Training, HeldOut, Report) = (training, heldOut, report);

    /// <summary>The problems to learn from: shuffled, or from easy to hard.</summary>
    public IReadOnlyList<DataRow> Training { get; }

    /// <summary>The problems held out for evaluation, shuffled.</summary>
    public IReadOnlyList<DataRow> HeldOut { get; }

    /// <summary>What became of the files' rows.</summary>
    public DatasetReport Report { get; }

    /// <summary>Reads a data set.</summary>
    /// <param name="recipe">Its recipe.</param>
    /// <param name="locate">Where a file is on this machine, by its name in the recipe; null for the name itself.</param>
    /// <exception cref="DatasetException">A file or a row is wrong; every problem is listed, up to 50.</exception>
    public static Dataset Load(DatasetTask recipe, Func<string, string>? locate = null)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        locate ??= file => file;
        var problems = new List<DataProblem>();
        var rates = recipe.Difficulty?.PassRates is { } file ? PassRateFile.Read(locate(file), file, problems) : null;
        var rows = Read(recipe.Files, recipe.Layout, locate, problems);
        var held = Read(recipe.HeldOutFiles, recipe.Layout, locate, problems);
        var against = Read(recipe.Against, DatasetLayout.Plain, locate, problems, evaluation: true);
        if (rows.Count == 0 && problems.Count == 0) problems.Add(new(string.Join(", ", recipe.Files), 0, "", "has no rows"));
        if (rates is not null) rows = [.. rows.Select(row => rates.TryGetValue(row.Id, out var rate) ? row with { PassRate = rate } : row)];
        if (recipe.Order == DatasetOrder.EasyToHard && problems.Count == 0 && rows.TrueForAll(row => Hardness(row) is null))
            problems.Add(new(recipe.Files[0], 0, "pass_rate", "is known of no row, nor is a level: the order easy-to-hard needs one"));
        if (problems.Count > 0) throw new DatasetException(Most(problems));
        return Build(recipe, rows, held, against);
    }

    /// <summary>The same without the rows for which a condition does not hold; its report is the whole set's.</summary>
    /// <param name="holds">The condition.</param>
    public Dataset Where(Func<DataRow, bool> holds) => new([.. Training.Where(holds)], [.. HeldOut.Where(holds)], Report);

    private static Dataset Build(DatasetTask recipe, List<DataRow> rows, List<DataRow> held, List<DataRow> against)
    {
        var report = new DatasetReport { Rows = rows.Count + held.Count, Domains = Count(rows.Concat(held)) };
        if (recipe.Domain is { } domain)
        {
            rows.RemoveAll(row => row.Domain != domain);
            held.RemoveAll(row => row.Domain != domain);
        }
        report = report with { OtherDomains = report.Rows - rows.Count - held.Count };

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var before = rows.Count + held.Count;
        held.RemoveAll(row => !seen.Add(row.Id));
        rows.RemoveAll(row => !seen.Add(row.Id));
        report = report with { Duplicates = before - rows.Count - held.Count };
        if (recipe.HeldOutFiles.Count == 0)
        {
            held = [.. rows.Where(row => IsHeldOut(row, recipe.HeldOutPercent))];
            rows.RemoveAll(row => IsHeldOut(row, recipe.HeldOutPercent));
        }

        var evaluation = new Decontamination();
        foreach (var row in against) evaluation.Add(row);
        if (recipe.HeldOutFiles.Count > 0) foreach (var row in held) evaluation.Add(row);
        var contaminated = new List<Contamination>();
        rows.RemoveAll(row =>
        {
            if (evaluation.Find(row) is not { } found) return false;
            contaminated.Add(new(row.File, row.Number, found.File, found.Number));
            return true;
        });

        var rated = rows.Count;
        if (recipe.Difficulty is { } difficulty)
            rows.RemoveAll(row => row.PassRate is { } rate && (rate <= difficulty.Above || rate >= difficulty.Below));
        var unfit = rated - rows.Count;
        var pairs = rows.Count + held.Count;
        if (recipe.Pairs is { } filters) (rows, held) = (filters.Keep(rows), filters.Keep(held));
        report = report with
        {
            Pairs = pairs - rows.Count - held.Count,
            Contaminated = contaminated, EvaluationRows = against.Count, Difficulty = unfit,
                Unrated = rows.Count(row => row.PassRate is null),
            Training = rows.Count, HeldOut = held.Count,
        };
        return new(Order(rows, recipe), Shuffle(held, seed: 0), report);
    }

    /// <summary>
    /// A row's hardness from 0 to 1: what its pass rate leaves, or its level (MATH has 1 to 5); null where neither is known.
    /// </summary>
    public static double? Hardness(DataRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        if (row.PassRate is { } rate) return 1 - rate;
        if (!row.Fields.TryGetValue("level", out var level)) return null;
        var digits = level.ValueKind == JsonValueKind.Number ? level.GetRawText() : level.ValueKind == JsonValueKind.String
            ? level.GetString()!.Split(' ')[^1] : "";
        return double.TryParse(digits, System.Globalization.CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 10
            ? number / 10 : null;
    }

    private static bool IsHeldOut(DataRow row, int percent) => Seeds.Derive(SplitSeed, "held-out " + row.KeyId) % 100 < (ulong)percent;

    private static DataRow[] Order(List<DataRow> rows, DatasetTask recipe)
    {
        var shuffled = Shuffle(rows, recipe.Seed);
        // stable: equals stay shuffled
        return recipe.Order == DatasetOrder.EasyToHard ? [.. shuffled.OrderBy(row => Hardness(row) ?? 0.5)] : shuffled;
    }

    // By id, so that the order does not depend on how rows are spread over files.
    private static DataRow[] Shuffle(List<DataRow> rows, long seed)
    {
        var order = rows.OrderBy(row => row.Id, StringComparer.Ordinal).ToArray();
        new SeededRandom(Seeds.Derive(OrderSeed, "order", seed)).Shuffle(order.AsSpan());
        return order;
    }

    private static SortedDictionary<string, int> Count(IEnumerable<DataRow> rows) =>
        new(rows.GroupBy(row => row.Domain ?? "").ToDictionary(group => group.Key, group => group.Count()), StringComparer.Ordinal);

    private static List<DataRow> Read(IReadOnlyList<string> files, DatasetLayout layout, Func<string, string> locate,
        List<DataProblem> problems, bool evaluation = false)
    {
        var rows = new List<DataRow>();
        foreach (var file in files)
        {
            foreach (var raw in DataFiles.Read(locate(file), file, problems))
            {
                // An evaluation set is only looked through for its texts, whatever its layout.
                var row = evaluation
                    ? DatasetLayouts.EvaluationText(file, raw, problems) : DatasetLayouts.Read(layout, file, raw, problems);
                if (row is not null) rows.Add(row);
            }
        }
        return rows;
    }

    private static List<DataProblem> Most(List<DataProblem> problems) =>
        problems.Count <= MostProblems
            ? problems : [.. problems.Take(MostProblems),
                new(problems[0].File, 0, "", $"and {problems.Count - MostProblems} more problems")];
}

/// <summary>What became of a data set's rows.</summary>
public sealed record DatasetReport
{
    /// <summary>Rows read, those of held-out files included.</summary>
    public int Rows { get; init; }
    /// <summary>Rows by domain; an empty name for those without.</summary>
    public IReadOnlyDictionary<string, int> Domains { get; init; } = new Dictionary<string, int>();
    /// <summary>Rows left out because their domain is not the one asked for.</summary>
    public int OtherDomains { get; init; }
    /// <summary>Rows left out because an earlier one asks the same.</summary>
    public int Duplicates { get; init; }
    /// <summary>Rows of the evaluation sets that were looked for.</summary>
    public int EvaluationRows { get; init; }
    /// <summary>Training rows left out because an evaluation set shares 10 words in a row.</summary>
    public IReadOnlyList<Contamination> Contaminated { get; init; } = [];
    /// <summary>Training rows left out because they are too easy or too hard.</summary>
    public int Difficulty { get; init; }
    /// <summary>Preference pairs left out because their gap is small or their lengths differ.</summary>
    public int Pairs { get; init; }
    /// <summary>Training rows of which no pass rate is known.</summary>
    public int Unrated { get; init; }
    /// <summary>Rows to learn from.</summary>
    public int Training { get; init; }
    /// <summary>Rows held out.</summary>
    public int HeldOut { get; init; }
}

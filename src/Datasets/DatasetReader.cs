using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Datasets;

/// <summary>Reads data sets in every format that there is a reader for.</summary>
public sealed class DatasetReader : IDatasetReader
{
    private DatasetReader()
    {
    }

    /// <summary>The one there is: it keeps nothing.</summary>
    public static DatasetReader Instance { get; } = new();

    /// <inheritdoc/>
    public DatasetFacts Read(DatasetTask task, Func<string, string>? locate = null)
    {
        var dataset = Dataset.Load(task, locate);
        var rows = dataset.Training.Concat(dataset.HeldOut);
        return new(
            dataset.Report.Training,
            dataset.Report.HeldOut,
            TextCharacters.Of(rows.Select(row => row.Prompt)),
            TextCharacters.Of(rows.Select(row => row.Completion ?? "")),
            dataset.Training.Count == 0 ? 0 : dataset.Training.Average(row => row.Prompt.Length + (row.Completion?.Length ?? 0)));
    }

    /// <inheritdoc/>
    public IReadOnlyList<DataProblem> ProblemsOf(string file)
    {
        var problems = new List<DataProblem>();
        DataFiles.Read(file, file, problems);
        return [.. problems.Take(Dataset.MostProblems)];
    }
}

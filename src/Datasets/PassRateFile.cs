using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Datasets;

/// <summary>Pass rates of problems, measured by an earlier model: rows with <c>pass_rate</c> and the problem's text.</summary>
internal static class PassRateFile
{
    /// <summary>Pass rates by the problem's id.</summary>
    public static Dictionary<string, double> Read(string path, string shown, ICollection<DataProblem> problems)
    {
        var rates = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var raw in DataFiles.Read(path, shown, problems))
        {
            if (DatasetLayouts.EvaluationText(shown, raw, problems) is not { } row) continue;
            if (row.PassRate is { } rate) rates[row.Id] = rate;
            else problems.Add(new(shown, raw.Number, "pass_rate", "is missing: a number from 0 to 1"));
        }
        return rates;
    }
}

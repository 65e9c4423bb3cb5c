using System.Text.Json;
using R1Cloud.Datasets;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>Preference pairs from files; their prompts are problems without an answer.</summary>
internal sealed class DatasetPreferences(DatasetTask recipe, Dataset dataset) : DatasetProblems(recipe, dataset), IPreferenceTask
{
    /// <inheritdoc/>
    public PreferencePair TrainingPair(ProblemDraw draw) => Pair(Training(draw));

    /// <inheritdoc/>
    public IReadOnlyList<PreferencePair> HeldOutPairs(int count) => [.. HeldOut(count).Select(Pair)];

    /// <inheritdoc/>
    protected override DatasetProblems With(DatasetTask task, Dataset rows) => new DatasetPreferences(task, rows);

    private static PreferencePair Pair(Problem row) =>
        new(row.Id, row.Asked, row.Fields["chosen"].GetString()!, row.Fields["rejected"].GetString()!);
}

/// <summary>Labelled responses from files; their prompts are problems without an answer.</summary>
internal sealed class DatasetLabels(DatasetTask recipe, Dataset dataset) : DatasetProblems(recipe, dataset), ILabelledTask
{
    /// <inheritdoc/>
    public LabelledResponse TrainingResponse(ProblemDraw draw) => Response(Training(draw));

    /// <inheritdoc/>
    public IReadOnlyList<LabelledResponse> HeldOutResponses(int count) => [.. HeldOut(count).Select(Response)];

    /// <inheritdoc/>
    protected override DatasetProblems With(DatasetTask task, Dataset rows) => new DatasetLabels(task, rows);

    private static LabelledResponse Response(Problem row) =>
        new(row.Id, row.Asked, row.Fields["response"].GetString()!, row.Fields["safe"].ValueKind == JsonValueKind.True);
}

using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Stages;

/// <summary>The kinds of stages that a run can have.</summary>
internal static class StageKinds
{
    /// <summary>All kinds.</summary>
    public static IReadOnlyList<StageKind> All { get; } =
    [
        new ImportStageKind(),
        new PretrainStageKind(),
        new RlStageKind(),
        new SampleStageKind<CollectStage>("collect"),
        new SampleStageKind<RejectionSampleStage>("rejection-sample"),
        new SftStageKind(),
        new RewardModelStageKind(),
        new EvaluateStageKind(),
    ];

    /// <summary>The kind of a stage's recipe.</summary>
    /// <exception cref="NotSupportedException">There is none.</exception>
    public static StageKind Of(StageRecipe settings) =>
        All.FirstOrDefault(kind => kind.Recipe == settings.GetType())
        ?? throw new NotSupportedException(
            $"No stage kind carries out {settings.GetType().Name}. There are: {string.Join(", ", All.Select(kind => kind.Name))}.");
}

using R1Cloud.Pipeline.Stages;
using R1Cloud.Pipeline.Stages.Evaluate;
using R1Cloud.Pipeline.Stages.FineTuning;
using R1Cloud.Pipeline.Stages.Import;
using R1Cloud.Pipeline.Stages.Pretrain;
using R1Cloud.Pipeline.Stages.Reinforcement;
using R1Cloud.Pipeline.Stages.RewardModel;
using R1Cloud.Pipeline.Stages.Sample;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline;

/// <summary>The kinds of stages that a run can have. A new one is a line here.</summary>
internal static class StageKinds
{
    /// <summary>All kinds.</summary>
    public static IReadOnlyList<StageKind> All { get; } =
    [
        new ImportStageKind(),
        new PretrainStageKind(),
        new RlStageKind(),
        new SampleStageKind<CollectStage>(),
        new SampleStageKind<RejectionSampleStage>(),
        new SftStageKind(),
        new RewardModelStageKind(),
        new EvaluateStageKind(),
    ];
}

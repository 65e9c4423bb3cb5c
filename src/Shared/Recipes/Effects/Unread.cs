using System.Text.Json;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Recipes.Effects;

/// <summary>A setting that nothing reads because of others beside it.</summary>
/// <param name="Path">The record's property, or the way to one of a record inside it: properties, and names of maps.</param>
/// <param name="Because">Why nothing does.</param>
/// <param name="Instead">What is done in its place; null for nothing of the kind.</param>
internal sealed record Unread(IReadOnlyList<string> Path, string Because, object? Instead = null)
{
    private static readonly Dictionary<Type, Func<object, Recipe, IEnumerable<Unread>>> Rules = new()
    {
        [typeof(PolicyLossRecipe)] = (record, _) => TrainingEffects.OfLoss((PolicyLossRecipe)record),
        [typeof(OptimizerRecipe)] = (record, _) => TrainingEffects.OfOptimizer((OptimizerRecipe)record),
        [typeof(MismatchRecipe)] = (record, _) => TrainingEffects.OfMismatch((MismatchRecipe)record),
        [typeof(RlStage)] = (record, recipe) => TrainingEffects.OfRl((RlStage)record, recipe),
        [typeof(CollectStage)] = (record, recipe) => DataEffects.OfPrompt(recipe, ((SampleStage)record).Task),
        [typeof(RejectionSampleStage)] = (record, recipe) => DataEffects.OfPrompt(recipe, ((SampleStage)record).Task),
        [typeof(RewardModelStage)] = (record, recipe) => DataEffects.OfPrompt(recipe, ((RewardModelStage)record).Task),
        [typeof(BenchmarkRecipe)] = (record, recipe) => DataEffects.OfPrompt(recipe, ((BenchmarkRecipe)record).Task),
        [typeof(EvaluationRecipe)] = (record, recipe) => DataEffects.OfPrompt(recipe, ((BenchmarkRecipe)record).Task),
        [typeof(SftStage)] = (record, _) => TrainingEffects.OfRows((SftStage)record),
        [typeof(DistillStage)] = (record, _) => DistillEffects.OfStage((DistillStage)record),
        [typeof(OnPolicyRecipe)] = (record, recipe) => DistillEffects.OfOnPolicy((OnPolicyRecipe)record, recipe),
        [typeof(TeacherRecipe)] = (record, _) => DistillEffects.OfTeacher((TeacherRecipe)record),
        [typeof(SamplingRecipe)] = (record, _) => DataEffects.OfSampling((SamplingRecipe)record),
        [typeof(Recipe)] = (record, _) => DataEffects.OfRecipe((Recipe)record),
        [typeof(EvaluateStage)] = (record, _) => DataEffects.OfEvaluate((EvaluateStage)record),
        [typeof(PretrainStage)] = (record, recipe) => DataEffects.OfPretrain((PretrainStage)record, recipe),
        [typeof(ModelShape)] = (record, _) => DataEffects.OfShape((ModelShape)record),
        [typeof(CorpusMix)] = (record, _) => DataEffects.OfCorpus((CorpusMix)record),
        [typeof(DatasetTask)] = (record, _) => DataEffects.OfDataset((DatasetTask)record),
        [typeof(SampleFilters)] = (record, _) => DataEffects.OfFilters((SampleFilters)record),
        [typeof(JobsRecipe)] = (record, _) => DataEffects.OfJobs((JobsRecipe)record),
        [typeof(MathOptions)] = (record, _) => RewardEffects.OfMath((MathOptions)record),
        [typeof(LanguageOptions)] = (record, _) => RewardEffects.OfLanguage((LanguageOptions)record),
        [typeof(RepetitionOptions)] = (record, _) => RewardEffects.OfRepetition((RepetitionOptions)record),
    };

    /// <summary>A setting of the record itself.</summary>
    public Unread(string property, string because, object? instead = null)
        : this([property], because, instead)
    {
    }

    /// <summary>The settings of a record, and of those inside it, that nothing reads.</summary>
    /// <param name="record">The record.</param>
    /// <param name="recipe">The recipe that it stands in.</param>
    public static IEnumerable<Unread> Of(object record, Recipe recipe) =>
        Rules.TryGetValue(record.GetType(), out var rule) ? rule(record, recipe) : [];

    /// <summary>A value's name in recipes.</summary>
    public static string Name<T>(T value)
        where T : struct, Enum => JsonSerializer.Serialize(value, R1Json.Options).Trim('"');
}

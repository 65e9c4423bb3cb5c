using System.Reflection;
using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Recipes;

/// <summary>One stage of a run. Each kind is a record of its own.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ImportStage), "import")]
[JsonDerivedType(typeof(PretrainStage), "pretrain")]
[JsonDerivedType(typeof(RlStage), "rl")]
[JsonDerivedType(typeof(CollectStage), "collect")]
[JsonDerivedType(typeof(RejectionSampleStage), "rejection-sample")]
[JsonDerivedType(typeof(SftStage), "sft")]
[JsonDerivedType(typeof(RewardModelStage), "reward-model")]
[JsonDerivedType(typeof(DistillStage), "distill")]
[JsonDerivedType(typeof(EvaluateStage), "evaluate")]
public abstract record StageRecipe
{
    /// <summary>
    /// The stage whose model this one starts from (<c>STAGE/STUDENT</c> after distillation); null for a stage that makes its own.
    /// </summary>
    [JsonPropertyOrder(-1)]
    public string? From { get; init; }

    private static readonly Dictionary<Type, string> Kinds = typeof(StageRecipe).GetCustomAttributes<JsonDerivedTypeAttribute>()
        .ToDictionary(kind => kind.DerivedType, kind => (string)kind.TypeDiscriminator!);

    /// <summary>The kind's name in recipes, e.g. <c>rl</c>.</summary>
    public string Kind() => KindOf(GetType());

    /// <summary>The name of a kind's record in recipes; that of the type for one that recipes do not have.</summary>
    public static string KindOf(Type recipe) => Kinds.GetValueOrDefault(recipe, recipe.Name);

    /// <summary>Steps or iterations in all, where the recipe alone says so; else 0.</summary>
    public virtual int PlannedSteps() => 0;

    /// <summary>Whether the stage makes a model, which later stages may start from.</summary>
    public virtual bool YieldsModel() => true;

    /// <summary>Whether the stage generates completions: what samples them then decides its result.</summary>
    public virtual bool Generates() => false;

    /// <summary>What the stage does, in a few words.</summary>
    /// <param name="recipe">The recipe that it stands in.</param>
    public virtual string Describe(Recipe recipe) => Kind();

    /// <summary>What the stage would do, its evaluations included.</summary>
    /// <param name="name">The stage's name.</param>
    /// <param name="recipe">The recipe that it stands in.</param>
    public virtual StageSummary Summarize(string name, Recipe recipe) => new(name, Kind(), From, PlannedSteps(), 1, 0, 0);

    /// <summary>The rewards that the stage scores by, each set with the field that holds it.</summary>
    public virtual IEnumerable<(string Field, IReadOnlyDictionary<string, RewardRecipe> Rewards)> RewardSets() => [];

    /// <summary>How the stage puts problems, and the stage whose model reads them each time.</summary>
    public virtual IEnumerable<(PromptRecipe Prompt, string? Model)> Prompts() => [];

    /// <summary>
    /// What the stage's own result depends on: stages, and among data to learn from tasks; see <see cref="Recipe.InputsOf"/>.
    /// </summary>
    public virtual IEnumerable<string> Inputs() =>
    [
        .. From is { } from ? [from] : (string[])[],
        .. RewardSets().SelectMany(set => set.Rewards).Select(reward => ModelRewardCatalog.StageOf(reward.Key, reward.Value))
            .OfType<string>(),
    ];

    /// <summary>The names of the models that the stage makes.</summary>
    /// <param name="name">The stage's name.</param>
    public virtual IEnumerable<string> Models(string name) => YieldsModel() ? [name] : [];
}

using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Recipes;

/// <summary>
/// Distillation (DeepSeek-R1 section 2.4): several models are fine-tuned side by side on the same rows, without RL; or on policy, each on
/// what it samples itself. Each is a model of its own, <c>STAGE/STUDENT</c>.
/// </summary>
[Lacks(nameof(From), "each student has its own")]
[Needs(nameof(Students))]
[NeedsUnless(nameof(OnPolicy), "students learn from what they sample themselves", nameof(Data))]
public sealed record DistillStage : SupervisedStage
{
    /// <summary>What the students learn from: rows of data, or on-policy.</summary>
    [NoEffect("onPolicy, or that it is missing, says the same")]
    public DistillMode Mode { get; init; }

    /// <summary>The settings of mode on-policy; null with rows.</summary>
    public OnPolicyRecipe? OnPolicy { get; init; }

    /// <summary>The students by name; each may have settings of its own in place of the stage's.</summary>
    [Name(OnNames = true), NotEmpty, JsonConverter(typeof(OrderedMapConverter<StudentRecipe>))]
    public IReadOnlyDictionary<string, StudentRecipe> Students { get; init; } = new OrderedDictionary<string, StudentRecipe>();

    /// <inheritdoc/>
    public override bool Generates() => OnPolicy is not null;

    /// <inheritdoc/>
    public override IEnumerable<string> Models(string name) => Students.Keys.Select(student => ModelNames.Student(name, student));

    /// <inheritdoc/>
    public override IEnumerable<(string Field, IReadOnlyDictionary<string, RewardRecipe> Rewards)> RewardSets() =>
        OnPolicy is null ? [] : [("onPolicy.rewards", OnPolicy.Rewards)];

    /// <summary>Each student's training by its model's name.</summary>
    /// <param name="name">The stage's name.</param>
    public IEnumerable<KeyValuePair<string, StageRecipe>> Trainings(string name) => Students.Select(student =>
        KeyValuePair.Create<string, StageRecipe>(ModelNames.Student(name, student.Key), OnPolicy is null
            ? OnRows(student.Value)
            : OnPolicy.Training(student.Value.From, Prompt, student.Value.MicroBatchSize ?? MicroBatchSize, OptimizerOf(student.Value))));

    private SftStage OnRows(StudentRecipe student) => new(this)
    {
        From = student.From,
        Epochs = student.Epochs ?? Epochs,
        BatchSize = student.BatchSize ?? BatchSize,
        MicroBatchSize = student.MicroBatchSize ?? MicroBatchSize,
        Optimizer = OptimizerOf(student),
    };

    private OptimizerRecipe OptimizerOf(StudentRecipe student)
    {
        var optimizer = student.Optimizer ?? Optimizer;
        return student.LearningRate is { } rate ? optimizer with { LearningRate = rate } : optimizer;
    }
}

/// <summary>A model that learns from a greater one's answers. What is left out is the stage's.</summary>
public sealed record StudentRecipe
{
    /// <summary>The earlier stage whose model it starts from.</summary>
    public required string From { get; init; }

    /// <summary>Peak learning rate, the rest of the optimizer being the stage's.</summary>
    [Bounds(Above = 0, Max = 1)]
    public double? LearningRate { get; init; }

    /// <summary>An optimizer of its own, in place of a learning rate alone.</summary>
    public OptimizerRecipe? Optimizer { get; init; }

    /// <summary>Passes over the rows.</summary>
    [Bounds(Min = 1, Max = 1000)]
    public int? Epochs { get; init; }

    /// <summary>Rows a step.</summary>
    [Bounds(Min = 1, Max = 65_536)]
    public int? BatchSize { get; init; }

    /// <summary>Rows in one forward and backward pass; 0 takes the batch whole.</summary>
    [Bounds(Min = 0, Max = 65_536)]
    public int? MicroBatchSize { get; init; }
}

/// <summary>Names of models: a stage's, or <c>STAGE/STUDENT</c> and <c>STAGE.CONTROL</c> where a stage makes several.</summary>
public static class ModelNames
{
    private const char Separator = '/';

    // A stage that has controls has blobs of its own: theirs must not lie below them.
    private const char ControlSeparator = '.';

    /// <summary>A student's model.</summary>
    public static string Student(string stage, string student) => stage + Separator + student;

    /// <summary>A control's model.</summary>
    public static string Control(string stage, TrainingControl control) => stage + ControlSeparator + RlStage.WordOf(control);

    /// <summary>The stage that makes a model.</summary>
    public static string StageOf(string model) => model.Split(Separator, ControlSeparator)[0];

    /// <summary>Whether it is one of several that a stage makes.</summary>
    public static bool IsStudent(string model) => model.AsSpan().ContainsAny(Separator, ControlSeparator);
}

using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>
/// Distillation (DeepSeek-R1 section 2.4): several models are fine-tuned side by side on the same rows, without RL. Each is a model of its
/// own, <c>STAGE/STUDENT</c>.
/// </summary>
[Lacks(nameof(From), "each student has its own")]
[Needs(nameof(Data), nameof(Students))]
public sealed record DistillStage : SupervisedStage
{
    /// <summary>The students by name; each may have settings of its own in place of the stage's.</summary>
    [Name(OnNames = true), NotEmpty, JsonConverter(typeof(OrderedMapConverter<StudentRecipe>))]
    public IReadOnlyDictionary<string, StudentRecipe> Students { get; init; } = new OrderedDictionary<string, StudentRecipe>();

    /// <inheritdoc/>
    public override IEnumerable<string> Models(string name) => Students.Keys.Select(student => ModelNames.Student(name, student));

    /// <summary>Each student's training by its model's name.</summary>
    /// <param name="name">The stage's name.</param>
    public IEnumerable<KeyValuePair<string, SftStage>> Trainings(string name) =>
        Students.Select(student => KeyValuePair.Create(ModelNames.Student(name, student.Key), Training(student.Value)));

    private SftStage Training(StudentRecipe student)
    {
        var optimizer = student.Optimizer ?? Optimizer;
        return new(this)
        {
            From = student.From,
            Epochs = student.Epochs ?? Epochs,
            BatchSize = student.BatchSize ?? BatchSize,
            MicroBatchSize = student.MicroBatchSize ?? MicroBatchSize,
            Optimizer = student.LearningRate is { } rate ? optimizer with { LearningRate = rate } : optimizer,
        };
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

/// <summary>Names of models: a stage's, or <c>STAGE/STUDENT</c> where a stage makes several.</summary>
public static class ModelNames
{
    private const char Separator = '/';

    /// <summary>A student's model.</summary>
    public static string Student(string stage, string student) => stage + Separator + student;

    /// <summary>The stage that makes a model.</summary>
    public static string StageOf(string model) => model.Split(Separator)[0];

    /// <summary>Whether it is one of several that a stage makes.</summary>
    public static bool IsStudent(string model) => model.Contains(Separator, StringComparison.Ordinal);
}

namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>What is known of a task's problems before any is made.</summary>
/// <param name="Training">Different problems to learn from.</param>
/// <param name="HeldOut">Different problems that an evaluation may ask.</param>
/// <param name="PromptTokens">The longest prompt in tokens, begin mark included.</param>
/// <param name="ExampleTokens">The longest prompt with its worked example and end mark, in tokens; 0 where the task has no worked
/// examples.</param>
public sealed record TaskBounds(long Training, long HeldOut, int PromptTokens, int ExampleTokens)
{
    private static readonly Dictionary<Type, Func<TaskRecipe, TaskBounds>> Measures = new()
    {
        [typeof(ArithmeticTask)] = task => ArithmeticSplit.Measure((ArithmeticTask)task),
        [typeof(NumberWordsTask)] = task => NumberWordsSplit.Measure((NumberWordsTask)task),
        [typeof(CountdownTask)] = task => CountdownSplit.Measure((CountdownTask)task),
        [typeof(RequestsTask)] = task => RequestsSplit.Measure((RequestsTask)task),
    };

    /// <summary>Marks that every worked example may have besides its steps and answer.</summary>
    public const string Marks = "=;";

    /// <summary>Every character that prompts may hold; null where that is not known.</summary>
    public string? PromptCharacters { get; init; }

    /// <summary>
    /// Every character that the task's texts may hold, prompts, worked examples, completions and responses; null where that is not known.
    /// Its order is that of a pretrained model's tokens.
    /// </summary>
    public string? Alphabet { get; init; }

    /// <summary>Different held-out preference pairs; 0 where the task has none.</summary>
    public long HeldOutPairs { get; init; }

    /// <summary>Different held-out responses with a label; 0 where the task has none.</summary>
    public long HeldOutResponses { get; init; }

    /// <summary>The bounds of a generated task; null for one whose problems are in files.</summary>
    public static TaskBounds? Of(TaskRecipe? task) =>
        task is not null && Measures.TryGetValue(task.GetType(), out var measure) ? measure(task) : null;
}

using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>A source of problems. Each kind is a record of its own.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ArithmeticTask), "arithmetic")]
[JsonDerivedType(typeof(NumberWordsTask), "number-words")]
[JsonDerivedType(typeof(CountdownTask), "countdown")]
[JsonDerivedType(typeof(RequestsTask), "requests")]
[JsonDerivedType(typeof(DatasetTask), "dataset")]
public abstract record TaskRecipe
{
    /// <summary>Whether the task has preference pairs, which a reward model learns from.</summary>
    public virtual bool HasPairs() => false;

    /// <summary>Whether the task has labelled responses.</summary>
    public virtual bool HasLabels() => false;
}

/// <summary>Integer arithmetic, generated on the fly.</summary>
public sealed record ArithmeticTask : TaskRecipe
{
    /// <summary>The operation that the problems ask for.</summary>
    public ArithmeticOperation Operation { get; init; } = ArithmeticOperation.Add;

    /// <summary>Digits of each operand, 1 to 6: the difficulty.</summary>
    [Bounds(Min = 1, Max = 6)]
    public int Digits { get; init; } = 2;

    /// <summary>Share of all problems, chosen by hash, that is held out for evaluation, in percent (1 to 50).</summary>
    [Bounds(Min = 1, Max = 50)]
    public int HeldOutPercent { get; init; } = 10;
}

/// <summary>What an <see cref="ArithmeticTask"/> asks for.</summary>
public enum ArithmeticOperation
{
    /// <summary>a + b.</summary>
    Add,
    /// <summary>a × b with a one-digit b.</summary>
    Multiply,
}

/// <summary>A language that generated tasks are asked in, by its ISO 639-1 code.</summary>
public enum TaskLanguage
{
    /// <summary>English.</summary>
    En,
    /// <summary>Chinese.</summary>
    Zh,
}

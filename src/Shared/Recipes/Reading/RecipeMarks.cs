namespace R1Cloud.Shared.Recipes.Reading;

/// <summary>A setting that cannot change a stage's result: it is not part of the stage's key. Whatever lacks this mark is.</summary>
/// <param name="because">Why not.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NoEffectAttribute(string because) : Attribute
{
    /// <summary>Why not.</summary>
    public string Because { get; } = because;
}

/// <summary>
/// A field (or list, or a map's names) that names tasks of the recipe: in keys the task itself takes the name's place. A stage can use no
/// other task.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class TaskNameAttribute : Attribute;

/// <summary>A field (or list) that names files of data: in keys their content takes the names' place.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DataFileAttribute : Attribute;

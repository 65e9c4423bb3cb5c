namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>One thing wrong with a data set.</summary>
/// <param name="File">The file.</param>
/// <param name="Row">The row, from 1; 0 for the file as a whole.</param>
/// <param name="Field">The column; empty for the row as a whole.</param>
/// <param name="Message">What is wrong, and what is allowed.</param>
public sealed record DataProblem(string File, int Row, string Field, string Message)
{
    /// <summary>The problem in one line: <c>file(row): field: message</c>.</summary>
    public override string ToString() => $"{File}{(Row > 0 ? $"({Row})" : "")}: {(Field.Length > 0 ? Field + ": " : "")}{Message}";
}

/// <summary>A data set cannot be used; carries every problem found, up to a limit.</summary>
/// <param name="problems">The problems, at least one.</param>
public sealed class DatasetException(IReadOnlyList<DataProblem> problems) : Exception(string.Join(Environment.NewLine, problems))
{
    /// <summary>What is wrong.</summary>
    public IReadOnlyList<DataProblem> Problems { get; } = problems;
}

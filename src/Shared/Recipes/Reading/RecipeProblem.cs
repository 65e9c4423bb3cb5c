using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace R1Cloud.Shared.Recipes.Reading;

/// <summary>One thing wrong with a recipe: where, what it says, and what would be right.</summary>
/// <param name="File">The file that holds the value: the recipe itself, one that it extends, or a preset.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1, in UTF-16 units.</param>
/// <param name="Path">The field, e.g. <c>stages.r1-zero.loss.clipLow</c>; empty for the file as a whole.</param>
/// <param name="Value">The value that is not allowed, as JSON; <c>nothing</c> for a missing field.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Allowed">What is allowed.</param>
public sealed record RecipeProblem(string File, int Line, int Column, string Path, string Value, string Message, string Allowed)
{
    /// <summary>The problem in one line that editors and terminals can follow: <c>file(line,column): path: message: allowed</c>.</summary>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{File}({Line},{Column}): {(Path.Length > 0 ? Path + ": " : "")}{Message}: {Allowed}");
}

/// <summary>
/// A recipe that cannot be run; carries every problem found, not only the first. Only <see cref="RecipeProblems"/> makes one, so that all
/// are bounded.
/// </summary>
public sealed class RecipeException : Exception
{
    internal RecipeException(IReadOnlyList<RecipeProblem> problems)
        : base(string.Join(Environment.NewLine, problems)) => Problems = problems;

    /// <summary>What is wrong, in the order of the files.</summary>
    public IReadOnlyList<RecipeProblem> Problems { get; }
}

/// <summary>
/// Collects problems, and knows which fields have one so that nobody complains of what follows from it. Whoever sends a recipe decides how
/// many there are: after so many, or so long ones, the rest is not looked at.
/// </summary>
public sealed class RecipeProblems
{
    /// <summary>Problems told at most, the last of them being that there are more.</summary>
    public const int Most = 100;

    private const int MostBytes = 200 << 10, MostOfText = 2000;

    private readonly List<RecipeProblem> problems = [], notes = [];
    private int bytes;

    /// <summary>Adds a problem.</summary>
    /// <exception cref="RecipeException">There are too many.</exception>
    public void Add(RecipeProblem problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        problem = problem with { Path = Cut(problem.Path), Value = Cut(problem.Value), Message = Cut(problem.Message),
            Allowed = Cut(problem.Allowed) };
        bytes += JsonSerializer.SerializeToUtf8Bytes(problem, R1Json.Options).Length;
        if (problems.Count == Most - 1 || bytes > MostBytes)
            throw new RecipeException(
                [.. Sorted(),
                    problem with { Path = "", Value = "", Message = "there are more problems than these",
                        Allowed = "a recipe without them" }]);
        problems.Add(problem);
    }

    /// <summary>Adds a problem.</summary>
    /// <exception cref="RecipeException">There are too many.</exception>
    internal void Add(Location at, string path, string value, string message, string allowed) =>
        Add(new RecipeProblem(at.File, at.Line, at.Column, path, value, message, allowed));

    /// <summary>Adds a problem after which nothing is looked at.</summary>
    /// <exception cref="RecipeException">Always.</exception>
    [DoesNotReturn]
    internal void Refuse(Location at, string path, string value, string message, string allowed)
    {
        Add(at, path, value, message, allowed);
        throw new RecipeException([.. Sorted()]);
    }

    /// <summary>What is worth knowing but no problem.</summary>
    public IReadOnlyList<RecipeProblem> Notes => notes;

    /// <summary>Adds a note, up to as many as there may be problems.</summary>
    internal void Note(Location at, string path, string value, string message, string instead)
    {
        if (notes.Count < Most) notes.Add(new(at.File, at.Line, at.Column, Cut(path), Cut(value), Cut(message), Cut(instead)));
    }

    /// <summary>Whether a field, one that holds it or one inside it has a problem.</summary>
    public bool Concern(string path) => problems.Exists(p => p.Path == path || Inside(p.Path, path) || Inside(path, p.Path));

    /// <exception cref="RecipeException">There are problems.</exception>
    public void ThrowIfAny()
    {
        if (problems.Count > 0) throw new RecipeException([.. Sorted()]);
    }

    private IEnumerable<RecipeProblem> Sorted() =>
        problems.OrderBy(p => p.File == problems[0].File ? 0 : 1).ThenBy(p => p.File, StringComparer.Ordinal).ThenBy(p => p.Line)
            .ThenBy(p => p.Column);

    private static string Cut(string text) => text.Length > MostOfText ? text[..MostOfText] + "…" : text;

    private static bool Inside(string inner, string outer) => outer.Length > 0 && inner.StartsWith(outer + ".", StringComparison.Ordinal);
}

namespace R1Cloud.Pipeline.Runs;

/// <summary>There is no such run (or part of it).</summary>
/// <param name="message">Names what there is none of.</param>
public sealed class RunNotFoundException(string message) : Exception(message);

/// <summary>The run's state does not allow what was asked.</summary>
/// <param name="message">Names the state and what it allows.</param>
public sealed class RunConflictException(string message) : Exception(message);

/// <summary>A request's value is not allowed.</summary>
/// <param name="field">The field, parameter or header.</param>
/// <param name="value">What it said.</param>
/// <param name="allowed">What is allowed.</param>
public sealed class InvalidRequestException(string field, string? value, string allowed)
    : Exception($"{field} is '{value}'; allowed: {allowed}.")
{
    /// <summary>The field, parameter or header.</summary>
    public string Field { get; } = field;
}

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>What is wrong in a template or with its values. <see cref="JinjaTemplate"/> adds the template and the line.</summary>
/// <param name="problem">What is wrong.</param>
/// <param name="line">The line, or null for the one that is being run.</param>
internal sealed class JinjaException(string problem, int? line = null) : Exception(problem)
{
    /// <summary>The line, from 1, where it is known.</summary>
    public int? Line { get; } = line;
}

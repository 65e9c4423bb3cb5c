using R1Cloud.Shared;

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>
/// A template in the subset of Jinja that chat templates use. It runs sandboxed: it sees only the variables it is given, and steps, time,
/// depth and sizes are limited.
/// </summary>
internal sealed class JinjaTemplate
{
    private readonly string name;
    private readonly Body body;

    /// <summary>Parses a template.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="source">Its text.</param>
    /// <exception cref="BadInputException">It is malformed, or uses what is not supported; names the line.</exception>
    public JinjaTemplate(string name, string source)
    {
        this.name = name;
        try
        {
            body = JinjaParser.Parse(source);
        }
        catch (JinjaException e)
        {
            throw Located(e, e.Line ?? 1);
        }
    }

    /// <summary>Renders the template.</summary>
    /// <param name="variables">Its variables, as <see cref="Values"/> describes them.</param>
    /// <param name="clock">The time that it may ask for, and that it is limited by.</param>
    /// <param name="limits">What it may use up.</param>
    /// <exception cref="BadInputException">It fails, refuses its values, or asks for too much; names the line.</exception>
    public string Render(IReadOnlyDictionary<string, object?> variables, TimeProvider? clock = null, JinjaLimits? limits = null)
    {
        var run = new JinjaRun(variables, limits ?? new JinjaLimits(), clock ?? TimeProvider.System);
        try
        {
            return JinjaWork.For(run, () =>
            {
                body.Run(run);
                return run.Text;
            });
        }
        catch (JinjaException e)
        {
            throw Located(e, e.Line ?? run.Line);
        }
    }

    private BadInputException Located(JinjaException e, int line) => new($"{name}, line {line}: {e.Message}.", e);
}

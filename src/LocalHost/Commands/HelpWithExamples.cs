using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace R1Cloud.LocalHost.Commands;

/// <summary>A command whose help ends with examples.</summary>
internal sealed class R1Command(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Lines that can be typed as they are.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;
}

/// <summary>The usual help, then the command's examples and the exit codes.</summary>
internal sealed class HelpWithExamples(HelpAction usual, IReadOnlyList<string> rootExamples) : SynchronousCommandLineAction
{
    /// <summary>Help is given whatever else is on the line.</summary>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        var examples = parseResult.CommandResult.Command is R1Command command ? command.Examples : rootExamples;
        output.WriteLine("Examples:");
        foreach (var example in examples) output.WriteLine($"  {example}");
        output.WriteLine();
        output.WriteLine("Exit codes:");
        foreach (var (code, meaning) in ExitCode.All) output.WriteLine($"  {code,-3}  {meaning}");
        return ExitCode.Ok;
    }
}

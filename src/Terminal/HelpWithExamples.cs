using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace R1Cloud.Terminal;

/// <summary>The usual help, then the command's examples and the program's exit codes.</summary>
public sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private readonly HelpAction usual;
    private readonly IReadOnlyList<string> rootExamples;
    private readonly IReadOnlyList<(int Code, string Meaning)> exitCodes;

    private HelpWithExamples(HelpAction usual, IReadOnlyList<string> rootExamples, IReadOnlyList<(int Code, string Meaning)> exitCodes) =>
        (this.usual, this.rootExamples, this.exitCodes) = (usual, rootExamples, exitCodes);

    /// <summary>Help is given whatever else is on the line.</summary>
    public override bool ClearsParseErrors => true;

    /// <summary>Makes a program's help teach, and an empty command line ask for it.</summary>
    /// <param name="root">The root command.</param>
    /// <param name="exitCodes">What the program exits with.</param>
    /// <param name="rootExamples">Examples of the root command.</param>
    public static void Install(RootCommand root, IReadOnlyList<(int Code, string Meaning)> exitCodes, params string[] rootExamples)
    {
        foreach (var help in root.Options.OfType<HelpOption>())
            help.Action = new HelpWithExamples((HelpAction)help.Action!, rootExamples, exitCodes);
        root.SetAction(parsed => root.Parse("--help").Invoke(parsed.InvocationConfiguration));
    }

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in parseResult.CommandResult.Command is ExampleCommand command ? command.Examples : rootExamples)
            output.WriteLine($"  {example}");
        output.WriteLine();
        output.WriteLine("Exit codes:");
        foreach (var (code, meaning) in exitCodes) output.WriteLine($"  {code,-3}  {meaning}");
        return 0;
    }
}

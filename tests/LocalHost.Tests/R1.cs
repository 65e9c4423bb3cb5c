using R1Cloud.LocalHost.Commands;
using Spectre.Console;

namespace R1Cloud.LocalHost.Tests;

/// <summary>
/// Runs the command line within the tests' process: the same code as <see cref="R1Process"/> without the half second of a start.
/// </summary>
internal static class R1
{
    public static Task<ProcessOutcome> RunAsync(TestFolder folder, params string[] arguments) => RunWithAsync(folder, [], arguments);

    public static async Task<ProcessOutcome> RunWithAsync(TestFolder folder, Dictionary<string, string?> environment,
        params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var console =
            AnsiConsole.Create(
                new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors,
                    Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 80;
        environment.TryAdd("R1_DATA", folder[".r1"]);
        var code = await CommandLine.RunAsync(arguments, new CommandContext(console, output, error, environment.GetValueOrDefault));
        return new(code, output.ToString().ReplaceLineEndings("\n"), error.ToString().ReplaceLineEndings("\n"));
    }
}

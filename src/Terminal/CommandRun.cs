using System.CommandLine;

namespace R1Cloud.Terminal;

/// <summary>Runs a program's command line: what both programs do alike.</summary>
public static class CommandRun
{
    /// <summary>
    /// Parses and invokes. What cannot be parsed is reported on standard error, with the command whose help says how it goes.
    /// </summary>
    /// <param name="root">The commands.</param>
    /// <param name="program">The program's name, as typed.</param>
    /// <param name="arguments">What was typed after it.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="badInput">The exit code of a line that cannot be parsed.</param>
    /// <param name="guard">Turns what a command throws into its exit code.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> InvokeAsync(
        RootCommand root, string program, string[] arguments, TextWriter output, TextWriter error, int badInput,
            Func<Func<Task<int>>, Task<int>> guard)
    {
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(error);
        ArgumentNullException.ThrowIfNull(guard);
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var problem in parsed.Errors) await error.WriteLineAsync($"{program}: {problem.Message}");
            var name = parsed.CommandResult.Command is ExampleCommand command ? " " + command.Name : "";
            await error.WriteLineAsync($"{program}: see `{program}{name} --help`");
            return badInput;
        }
        // Signals are the commands' own business: the default would end the process while they still save.
        var configuration = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null };
        return await guard(() => parsed.InvokeAsync(configuration));
    }
}

using System.CommandLine;
using R1Cloud.LocalHost.Client;
using R1Cloud.LocalHost.Hosting;
using R1Cloud.Terminal;

namespace R1Cloud.LocalHost.Commands;

/// <summary>The options of every command that talks to a running host.</summary>
internal sealed class ClientOptions(CommandContext context)
{
    private readonly Option<string?> url = new("--url") {
        Description = "The host's address [default: R1_URL, or the host that runs on the data folder]." };
    private readonly Option<string?> apiKey = KeyFileOption("R1_API_KEY, else what the host on the data folder asks for");
    private readonly Option<string> data = DataOption(context);
    private readonly Option<bool> json = new("--json") { Description = "Print JSON." };

    /// <summary><c>--data</c>.</summary>
    public static Option<string> DataOption(CommandContext context) => new("--data")
    {
        Description = "The data folder: history, blobs, logs and what the runs made.",
        DefaultValueFactory = _ => context.Environment("R1_DATA") is { Length: > 0 } folder ? folder : ".r1",
        HelpName = "DIR",
    };

    /// <summary><c>--api-key-file</c>: other users see the arguments of a command, but not its files and environment.</summary>
    public static Option<string?> KeyFileOption(string otherwise) =>
        new("--api-key-file") { Description = $"A file with the API key [default: {otherwise}].", HelpName = "FILE" };

    /// <summary>Whether <c>--json</c> was given.</summary>
    public bool IsJson(ParseResult parsed) => parsed.GetValue(json);

    /// <summary>Adds the options and the action to a command.</summary>
    public ExampleCommand Command(ExampleCommand command, Func<RunClient, ParseResult, CancellationToken, Task<int>> action)
    {
        command.Options.Add(url);
        command.Options.Add(apiKey);
        command.Options.Add(data);
        command.Options.Add(json);
        command.SetAction(async (parsed, _) =>
        {
            using var stop = new StopSignals();
            using var client = context.Connect(parsed.GetValue(url), parsed.GetValue(apiKey), parsed.GetValue(data)!);
            return await action(client, parsed, stop.Graceful);
        });
        return command;
    }
}

using System.CommandLine;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Terminal;

namespace R1Cloud.LocalHost.Commands;

/// <summary>The command line: <c>r1</c> and its commands.</summary>
internal static class CommandLine
{
    /// <summary>Runs a command line.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static Task<int> RunAsync(string[] arguments, CommandContext context) =>
        CommandRun.InvokeAsync(Create(context), "r1", arguments, context.Output, context.Error, ExitCode.BadInput, context.GuardAsync);

    /// <summary>The root command.</summary>
    internal static RootCommand Create(CommandContext context)
    {
        var root = new RootCommand("Trains reasoning models the DeepSeek-R1 way, as a durable workflow.");
        foreach (var command in HostCommands.All(context)) root.Subcommands.Add(command);
        foreach (var command in RecipeCommands.All(context)) root.Subcommands.Add(command);
        root.Subcommands.Add(VerifySeedsCommand.Create(context));
        root.Subcommands.Add(PlanCommand.Create(context));
        root.Subcommands.Add(StartCommand.Create(context));
        root.Subcommands.Add(PushCommand.Create(context));
        root.Subcommands.Add(TortureCommand.Create(context));
        foreach (var command in RunCommands.All(context)) root.Subcommands.Add(command);
        HelpWithExamples.Install(root, ExitCode.All, "./r1 up recipes/quickstart.json", "./r1 check recipes/r1-mini.json",
            "./r1 plan recipes/r1-paper.json", "./r1 test");
        return root;
    }
}

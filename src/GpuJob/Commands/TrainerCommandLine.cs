using System.CommandLine;
using R1Cloud.Shared.Jobs;
using R1Cloud.Terminal;

namespace R1Cloud.GpuJob.Commands;

/// <summary>The command line of the trainer: <c>gpujob</c> and its commands.</summary>
internal static class TrainerCommandLine
{
    private static readonly IReadOnlyList<(int Code, string Meaning)> Meanings =
    [
        (ExitCodes.Done, "done"),
        (ExitCodes.BadInput, "the input is bad: trying again does not help"),
        (ExitCodes.Retryable, "failed in a way that another attempt may mend"),
        (ExitCodes.Preempted, "stopped by a signal after saving; goes on elsewhere"),
        (ExitCodes.Outdated, "cannot read a job of this run: a worker of the orchestrator's version is needed"),
    ];

    /// <summary>Runs a command line.</summary>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static Task<int> RunAsync(string[] arguments, CommandStreams context) =>
        CommandRun.InvokeAsync(Create(context), "gpujob", arguments, context.Output, context.Error, ExitCodes.BadInput, context.GuardAsync);

    private static RootCommand Create(CommandStreams context)
    {
        var root = new RootCommand("The trainer: runs the jobs of R1 Cloud's runs.")
        {
            WorkCommand.Create(context),
            RunJobCommand.Create(context),
            CheckCommand.Create(context),
            GenerateCommand.Create(context),
            LogitsCommand.Create(context),
            InspectCommand.Create(context),
            ExportCommand.Create(context),
            PublishCommand.Create(context),
            ChatCommand.Create(context),
            GradeCommand.Create(context),
            TokenizeCommand.Create(context),
            DataCommand.Create(context),
            VerifyCommand.Create(context),
            ProbeCommand.Create(context),
        };
        HelpWithExamples.Install(root, Meanings, "gpujob work --run quickstart-1a2b3c4d", "gpujob run-job spec.json --storage ./blobs");
        return root;
    }
}

using System.CommandLine;
using R1Cloud.Inference.Wire;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;
using R1Cloud.Terminal;

namespace R1Cloud.EngineTool;

/// <summary>The command line of <c>r1-engine</c>.</summary>
internal static class EngineCommandLine
{
    private static readonly IReadOnlyList<(int Code, string Meaning)> Meanings =
    [
        (ExitCodes.Done, "the engine did what it was asked and showed it"), (ExitCodes.BadInput, "the arguments or the folder are wrong"),
        (ExitCodes.Retryable, "the engine did not"), (ExitCodes.Preempted, "stopped by a signal"),
    ];

    /// <summary>Runs a command line.</summary>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter error) =>
        CommandRun.InvokeAsync(Create(output), "r1-engine", arguments, output, error, ExitCodes.BadInput,
            command => GuardAsync(command, error));

    private static RootCommand Create(TextWriter output)
    {
        var root = new RootCommand(
            "Tries an inference engine as R1 Cloud's workers use it: asks, hands weights over, has them proven, samples.")
        {
            EngineCommands.Start(output), EngineCommands.Check(output), EngineCommands.HandOver(output), EngineCommands.Sample(output),
            EngineCommands.Report(output),
        };
        HelpWithExamples.Install(root, Meanings, "r1-engine report ./released --server http://127.0.0.1:8000 --json",
            "r1-engine report ./released --command vllm --json");
        return root;
    }

    private static async Task<int> GuardAsync(Func<Task<int>> command, TextWriter error)
    {
        try
        {
            return await command();
        }
        catch (Exception e) when (e is BadInputException or WeightsFormatException)
        {
            await error.WriteLineAsync($"r1-engine: {e.Message}");
            return ExitCodes.BadInput;
        }
        catch (EngineException e)
        {
            await error.WriteLineAsync($"r1-engine: {e.Message}");
            return ExitCodes.Retryable;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Preempted;
        }
    }
}

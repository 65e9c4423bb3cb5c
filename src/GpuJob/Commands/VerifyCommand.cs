using System.CommandLine;
using R1Cloud.Rewards;
using R1Cloud.Rewards.Sandboxing;
using R1Cloud.Rewards.Verification;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Processes;
using R1Cloud.Terminal;

namespace R1Cloud.GpuJob.Commands;

/// <summary><c>gpujob verify</c>: a verifier process of <see cref="VerifierPool"/>.</summary>
internal static class VerifyCommand
{
    public static Command Create(CommandStreams context)
    {
        var memory = new Option<long>("--memory") { Description = "Most memory, in bytes.",
            DefaultValueFactory = _ => VerificationOptions.Default.MemoryBytes };
        var unsandboxed = UnsandboxedOption.Create();
        var command = new ExampleCommand("verify",
            "Scores completions, JSON lines on the standard input; replies go to the standard output. Started by the trainer.",
            "gpujob verify") { memory, unsandboxed };
        command.Hidden = true;
        command.SetAction(async (parsed, _) =>
        {
            SandboxPermission.Set(parsed.GetValue(unsandboxed));
            ChildLimits.Apply(parsed.GetValue(memory));
            await using var input = Console.OpenStandardInput();
            await using var output = Console.OpenStandardOutput();
            StandardStreams.SendOutputToError(); // the output is for replies alone
            Verifier.Serve(input, output, RewardFunctions.Create);
            return ExitCodes.Done;
        });
        return command;
    }
}

using System.Text.Json;
using R1Cloud.GpuJob.Commands;
using R1Cloud.Rewards.Sandboxing;
using R1Cloud.Rewards.Verification;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Commands;

/// <summary>Who may switch the sandbox off: whoever starts the worker, and nobody else.</summary>
public sealed class SandboxPermissionTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly StringWriter output = new(), error = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Job_MadeByHandThatSwitchesItOff_IsBadInput()
    {
        var options = JsonSerializer.SerializeToElement(new { unsandboxed = true });
        var payload = new EvaluateJob
        {
            Settings = new BenchmarkRecipe { Task = "t", Problems = 1 }, Task = new ArithmeticTask(), Checkpoint = "c/",
            Rewards = new Dictionary<string, RewardRecipe> { ["accuracy/code"] = new() { Options = options } },
        };
        var spec = new JobSpec { RunId = "run", JobId = "s/000000/evaluate/0", Payload = payload };
        await File.WriteAllTextAsync(folder["spec.json"], JsonSerializer.Serialize(spec, R1Json.Options));
        (await RunAsync("run-job", folder["spec.json"], "--storage", folder["blobs"])).ShouldBe(ExitCodes.BadInput, error.ToString());
        error.ToString().ShouldContain("options.unsandboxed");
    }

    [Theory]
    [InlineData("run-job")]
    [InlineData("grade")]
    public async Task Option_OfAnotherCommand_IsUnknown(string command)
    {
        (await RunAsync(command, SandboxPermission.Option)).ShouldBe(ExitCodes.BadInput);
        error.ToString().ShouldContain(SandboxPermission.Option);
    }

    [Fact]
    public async Task Option_OfAWorker_IsHandedToItsVerifiers()
    {
        VerificationOptions.Default.Command.ShouldNotContain(SandboxPermission.Option);
        try
        {
            // The storage is a folder, which has no queues: the worker takes its permission and ends.
            await WorkAsync(SandboxPermission.Option);
            SandboxPermission.IsUnsandboxed.ShouldBeTrue();
            VerificationOptions.Default.Command.ShouldContain(SandboxPermission.Option);
            await WorkAsync();
            SandboxPermission.IsUnsandboxed.ShouldBeFalse();
        }
        finally
        {
            SandboxPermission.Set(false);
        }
    }

    private Task<int> WorkAsync(params string[] more) => RunAsync(["work", "--run", "r", "--worker", "w", "--idle-limit", "0", .. more]);

    private Task<int> RunAsync(params string[] arguments) =>
        TrainerCommandLine.RunAsync(arguments, new CommandStreams(TextReader.Null, output, error));
}

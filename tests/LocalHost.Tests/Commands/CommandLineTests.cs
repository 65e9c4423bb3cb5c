using R1Cloud.LocalHost.Commands;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Terminal;

namespace R1Cloud.LocalHost.Tests.Commands;

public sealed class CommandLineTests : IDisposable
{
    private static readonly string[] Names =
    [
        "up", "verify", "serve", "check", "plan", "start", "push", "torture", "schema", "runs", "status", "pause", "resume", "cancel",
        "retry", "fork", "remove", "metrics", "samples", "report",
    ];

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Create_Commands_AreAllThereAndDescribed()
    {
        var root = CommandLine.Create(CommandContext.Default);
        root.Subcommands.Select(command => command.Name).Order().ShouldBe(Names.Order());
        foreach (var command in root.Subcommands)
        {
            command.Description.ShouldNotBeNullOrWhiteSpace(command.Name);
            command.ShouldBeOfType<ExampleCommand>().Examples.ShouldNotBeEmpty(command.Name);
            command.Options.Select(option => option.Description)
                .ShouldAllBe(description => !string.IsNullOrWhiteSpace(description), command.Name);
            command.Arguments.Select(argument => argument.Description)
                .ShouldAllBe(description => !string.IsNullOrWhiteSpace(description), command.Name);
        }
    }

    [Fact]
    public async Task RunAsync_EveryExample_Parses()
    {
        var root = CommandLine.Create(CommandContext.Default);
        foreach (var command in root.Subcommands.Cast<ExampleCommand>())
        {
            foreach (var example in command.Examples)
            {
                var line = example[(example.IndexOf("./r1 ", StringComparison.Ordinal) + 5)..];
                root.Parse(line).Errors.ShouldBeEmpty(example);
            }
        }
        await Task.CompletedTask;
    }

    [Theory]
    [InlineData("--help")]
    [InlineData]
    public async Task RunAsync_Help_ListsCommandsAndExitCodes(params string[] arguments)
    {
        var outcome = await R1Process.RunAsync(folder, arguments);
        outcome.ExitCode.ShouldBe(ExitCode.Ok);
        foreach (var name in Names) outcome.Output.ShouldContain($"\n  {name} ");
        outcome.Output.ShouldContain(
            "Exit codes:\n  0    done\n  1    the run failed or was cancelled\n  2    the recipe or the arguments are wrong\n  3 ");
    }

    [Fact]
    public async Task RunAsync_HelpOfACommandWithoutItsArguments_IsHelp()
    {
        var outcome = await R1.RunAsync(folder, "up", "--help");
        outcome.ExitCode.ShouldBe(ExitCode.Ok);
        outcome.Error.ShouldBeEmpty();
        outcome.Output.ShouldContain("Examples:\n  ./r1 up recipes/quickstart.json");
        outcome.Output.ShouldContain("[default: 7171]");
    }

    [Theory]
    [InlineData("Required argument missing", "status")]
    [InlineData("'frobnicate'", "frobnicate")]
    [InlineData("'--nope'", "runs", "--nope")]
    [InlineData("--port: 0 to 65535", "serve", "--port", "70000")]
    [InlineData("--workers: 1 to 256", "serve", "--workers", "0")]
    [InlineData("mixes GPUs and the CPU", "serve", "--gpus", "0,cpu")]
    [InlineData("'x' is not allowed", "serve", "--gpus", "x")]
    [InlineData("leave out --workers", "serve", "--gpus", "0,1", "--workers", "2")]
    [InlineData("--bind: an IP address", "serve", "--bind", "everywhere")]
    [InlineData("'many'", "serve", "--port", "many")]
    public async Task RunAsync_WrongArguments_AreBadInputWithAHint(string expected, params string[] arguments)
    {
        var outcome = await R1.RunAsync(folder, arguments);
        outcome.ExitCode.ShouldBe(ExitCode.BadInput, outcome.All);
        outcome.Error.ShouldContain(expected);
        outcome.Error.ShouldContain("--help");
        outcome.Output.ShouldBeEmpty();
    }
}

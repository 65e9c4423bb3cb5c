using System.CommandLine;
using Microsoft.Extensions.Logging;
using R1Cloud.Inference;
using R1Cloud.Inference.Serving;
using R1Cloud.Shared;

namespace R1Cloud.EngineTool;

/// <summary>The options that say which engine is tried: one that runs already, or one that is started.</summary>
internal sealed class TriedEngine
{
    private readonly Option<string> engine = new("--engine")
    {
        Description = $"One of {string.Join(", ", EngineSettings.Names)}.", DefaultValueFactory = _ => "vllm",
    };
    private readonly Option<string[]> server = new("--server") { Description = "A server that runs already; may be given several times." };
    private readonly Option<string?> command = new("--command") { Description = "The program to start in place of one." };
    private readonly Option<string?> arguments = new("--arguments") { Description = "Further arguments for it, in one text." };
    private readonly Option<string?> type = new("--type") { Description = "What it computes in: auto, float32, bfloat16, float16." };
    private readonly Option<string?> gpus = new("--gpus") { Description = "The GPUs that it sees, as 0,1." };
    private readonly Option<bool> verbose = new("--verbose") { Description = "Tell what happens meanwhile on the standard error." };

    /// <summary>Adds them to a command; the servers' key is the environment's.</summary>
    public void AddTo(Command to)
    {
        foreach (var option in (Option[])[engine, server, command, arguments, type, gpus, verbose]) to.Options.Add(option);
    }

    /// <summary>Opens the way.</summary>
    /// <exception cref="BadInputException">The options do not go together.</exception>
    public EnginePool Open(ParseResult parsed, out ILoggerFactory logs)
    {
        var name = parsed.GetValue(engine)!;
        if (!EngineSettings.Names.Contains(name))
            throw new BadInputException($"--engine is '{name}'; allowed are {string.Join(", ", EngineSettings.Names)}.");
        var told = new Dictionary<string, string?>
        {
            [EngineSettings.ServersVariable] = string.Join(',', parsed.GetValue(server) ?? []),
            [EngineSettings.CommandVariable] = parsed.GetValue(command), [EngineSettings.ArgumentsVariable] = parsed.GetValue(arguments),
            [EngineSettings.TypeVariable] = parsed.GetValue(type), [EngineSettings.GpusVariable] = parsed.GetValue(gpus),
        };
        var isVerbose = parsed.GetValue(verbose);
        logs = LoggerFactory.Create(logging =>
        {
            if (isVerbose) logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        });
        string? Read(string variable) => told.TryGetValue(variable, out var value) ? value : Environment.GetEnvironmentVariable(variable);
        return EngineSettings.FromEnvironment(Read).Open(name, TimeProvider.System, logs.CreateLogger("r1-engine"));
    }
}

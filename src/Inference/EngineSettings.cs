using System.Globalization;
using Microsoft.Extensions.Logging;
using R1Cloud.Inference.Processes;
using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Serving;
using R1Cloud.Inference.Sglang;
using R1Cloud.Inference.Vllm;
using R1Cloud.Inference.Wire;
using R1Cloud.Shared;

namespace R1Cloud.Inference;

/// <summary>Which engines a worker samples by: its own configuration, which no result may depend on.</summary>
public sealed record EngineSettings
{
    /// <summary>Addresses of servers that run already; none to start one.</summary>
    public const string ServersVariable = "R1_ENGINE_SERVERS";
    /// <summary>The key that they ask for.</summary>
    public const string KeyVariable = "R1_ENGINE_KEY";
    /// <summary>The key that they ask for where a call changes them, if it is another.</summary>
    public const string ControlKeyVariable = "R1_ENGINE_CONTROL_KEY";
    /// <summary>The program to start.</summary>
    public const string CommandVariable = "R1_ENGINE_COMMAND";
    /// <summary>Further arguments for it, separated by spaces.</summary>
    public const string ArgumentsVariable = "R1_ENGINE_ARGUMENTS";
    /// <summary>What it computes in.</summary>
    public const string TypeVariable = "R1_ENGINE_TYPE";
    /// <summary>The GPUs that it sees.</summary>
    public const string GpusVariable = "R1_ENGINE_GPUS";
    /// <summary>Where weights are put down for servers to read.</summary>
    public const string WeightsVariable = "R1_ENGINE_WEIGHTS";
    /// <summary>Completions a server decodes at once.</summary>
    public const string ConcurrencyVariable = "R1_ENGINE_CONCURRENCY";
    /// <summary>Seconds without a token after which a server counts as hung.</summary>
    public const string StallVariable = "R1_ENGINE_STALL_SECONDS";

    private static readonly string[] Types = ["auto", "float32", "bfloat16", "float16"];

    private static readonly TimeSpan ControlLimit = TimeSpan.FromSeconds(30), LoadLimit = TimeSpan.FromMinutes(20);

    /// <summary>Servers that run already; none to start one.</summary>
    public IReadOnlyList<Uri> Servers { get; init; } = [];
    /// <summary>Their key; null for none.</summary>
    public string? Key { get; init; }
    /// <summary>Their key for calls that change them; null for the same.</summary>
    public string? ControlKey { get; init; }
    /// <summary>The program to start; null for the engine's own name.</summary>
    public string? Command { get; init; }
    /// <summary>Further arguments for it.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];
    /// <summary>What it computes in.</summary>
    public string Type { get; init; } = "auto";
    /// <summary>The GPUs that it sees, as their driver counts them; null for all that the worker sees.</summary>
    public string? Gpus { get; init; }
    /// <summary>Where weights are put down for servers to read; null for the worker's scratch folder.</summary>
    public string? WeightsFolder { get; init; }
    /// <summary>How servers are asked and watched.</summary>
    public ServingOptions Serving { get; init; } = new();

    /// <summary>Reads them from the environment.</summary>
    /// <param name="variable">Looks a variable up.</param>
    /// <exception cref="BadInputException">One is malformed; the message names it.</exception>
    public static EngineSettings FromEnvironment(Func<string, string?> variable)
    {
        string? Read(string name) => variable(name) is { Length: > 0 } value ? value : null;
        var settings = new EngineSettings
        {
            Servers = [.. (Read(ServersVariable) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(Address)],
            Key = Read(KeyVariable), ControlKey = Read(ControlKeyVariable),
            Command = Read(CommandVariable), Type = Read(TypeVariable) ?? "auto", Gpus = Read(GpusVariable),
            Arguments = (Read(ArgumentsVariable) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries),
            WeightsFolder = Read(WeightsVariable),
        };
        settings = settings with
        {
            Serving = settings.Serving with
            {
                Concurrency = Number(ConcurrencyVariable, settings.Serving.Concurrency, 65_536),
                StallLimit = TimeSpan.FromSeconds(Number(StallVariable, (int)settings.Serving.StallLimit.TotalSeconds, 86_400)),
            },
        };
        if (!Types.Contains(settings.Type))
            throw new BadInputException($"{TypeVariable} is '{settings.Type}'; allowed are {string.Join(", ", Types)}.");
        var starts = settings.Command ?? settings.Gpus ?? Read(ArgumentsVariable) ?? Read(TypeVariable);
        if (settings.Servers.Count > 0 && starts is not null)
            throw new BadInputException($"{ServersVariable} names servers that run already: {CommandVariable}, {ArgumentsVariable}, "
                + $"{TypeVariable} and {GpusVariable} are for one that is started, and have no effect beside it.");
        if (settings.Servers.Count == 0 && (settings.Key ?? settings.ControlKey) is not null)
            throw new BadInputException($"{(settings.Key is null ? ControlKeyVariable : KeyVariable)} is the key of the servers that "
                + $"{ServersVariable} names; one that is started gets a random key.");
        return settings;

        int Number(string name, int otherwise, int most) => Read(name) is not { } text ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most ? number
            : throw new BadInputException($"{name} is '{text}'; allowed is a whole number from 1 to {most}.");
    }

    /// <summary>The engines by their names in recipes.</summary>
    public static IReadOnlyCollection<string> Names => Engines.Keys;

    /// <summary>Makes the way to the servers, or to one that is started with the first weights.</summary>
    /// <param name="name">The engine, one of <see cref="Names"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    public EnginePool Open(string name, TimeProvider time, ILogger log)
    {
        var engine = Engines[name];
        IReadOnlyList<IEngineHost> hosts = Servers.Count > 0
            ? [.. Servers.Select(server => new AttachedEngine(engine.Protocol(server, new(Key, ControlKey))))]
            : [new StartedEngine(engine.Launch(this), (address, key) => engine.Protocol(address, new(key)), new(), time, log)];
        return new(hosts, Serving, time, log);
    }

    private static Uri Address(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address)
        && address.Scheme is "http" or "https" && address.AbsolutePath == "/" ? address
        : throw new BadInputException($"{ServersVariable}: '{text}' is no address; allowed are addresses like http://127.0.0.1:8000, "
            + "separated by commas.");

    private sealed record Engine(Func<Uri, EngineKeys, IEngineProtocol> Protocol, Func<EngineSettings, EngineLaunch> Launch);

    private static readonly Dictionary<string, Engine> Engines = new(StringComparer.Ordinal)
    {
        ["vllm"] = new((address, keys) => new VllmProtocol(address, keys.Key, ControlLimit, LoadLimit),
            settings => VllmLaunch.Of(settings.Command ?? "vllm", settings.Arguments, settings.Type, settings.Gpus)),
        ["sglang"] = new((address, keys) => new SglangProtocol(address, keys, ControlLimit, LoadLimit),
            settings => SglangLaunch.Of(settings.Command ?? "sglang", settings.Arguments, settings.Type, settings.Gpus)),
    };
}

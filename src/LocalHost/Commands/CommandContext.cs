using System.Text.Json;
using R1Cloud.Hub;
using R1Cloud.LocalHost.Client;
using R1Cloud.LocalHost.Display;
using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.Hosting;
using R1Cloud.LocalHost.WorkerProcesses;
using R1Cloud.Shared;
using R1Cloud.Shared.Processes;
using R1Cloud.Shared.Recipes.Reading;
using Spectre.Console;

namespace R1Cloud.LocalHost.Commands;

/// <summary>What commands write to and read from besides their arguments. Nothing that could steer a terminal passes.</summary>
/// <param name="Console">Standard output for people.</param>
/// <param name="Output">Standard output for programs.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Environment">Reads an environment variable.</param>
internal sealed record CommandContext(IAnsiConsole Console, TextWriter Output, TextWriter Error, Func<string, string?> Environment)
{
    /// <summary>The process's own.</summary>
    public static CommandContext Default { get; } =
        new(PrintableConsole.Create(), StandardStreams.Output, StandardStreams.Error, System.Environment.GetEnvironmentVariable);

    /// <inheritdoc cref="CommandContext" path="/param[@name='Console']"/>
    public IAnsiConsole Console { get; } = PrintableConsole.Over(Console);

    /// <inheritdoc cref="CommandContext" path="/param[@name='Output']"/>
    public TextWriter Output { get; } = PrintableWriter.Over(Output); // JSON is ASCII here, and passes as it is

    /// <inheritdoc cref="CommandContext" path="/param[@name='Error']"/>
    public TextWriter Error { get; } = PrintableWriter.Over(Error);

    /// <summary>Brings what recipes and commands name on the Hub.</summary>
    public HubReader Hub { get; } = HubReader.FromEnvironment(Environment);

    /// <summary>Whether people sit before the output and want to see it move.</summary>
    public bool IsLive =>
        Console.Profile.Out.IsTerminal && Console.Profile.Capabilities.Ansi
        && string.IsNullOrEmpty(Environment("CI")) && string.IsNullOrEmpty(Environment("NO_COLOR"));

    /// <summary>Runs a command; what goes wrong is reported on standard error and becomes its exit code.</summary>
    public async Task<int> GuardAsync(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (RecipeException e)
        {
            foreach (var problem in e.Problems) await Error.WriteLineAsync(problem.ToString());
            await Error.WriteLineAsync($"{e.Problems.Count} {(e.Problems.Count == 1 ? "problem" : "problems")}");
            return ExitCode.BadInput;
        }
        catch (BadInputException e)
        {
            return Fail(e.Message, ExitCode.BadInput);
        }
        catch (RequestRefusedException e)
        {
            return Fail(e.Message, e.IsBadInput ? ExitCode.BadInput : ExitCode.RunFailed);
        }
        catch (EnvironmentException e)
        {
            return Fail(e.Message, ExitCode.Environment);
        }
        catch (StorageException e)
        {
            return Fail(e.Message, ExitCode.Environment);
        }
        catch (JsonException e)
        {
            return Fail($"What storage holds of the run is damaged: {e.Message}", ExitCode.Environment);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Fail(e.Message, ExitCode.Environment);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }

    /// <summary>Writes an indented JSON document.</summary>
    public void WriteJson<T>(T value) => Output.WriteLine(JsonSerializer.Serialize(value, R1Json.Indented));

    /// <summary>Tells an error.</summary>
    public int Fail(string message, int code)
    {
        Error.WriteLine($"r1: {message}");
        return code;
    }

    /// <summary>The trainer.</summary>
    /// <exception cref="EnvironmentException">It is not there.</exception>
    public WorkerCommand FindTrainer() => WorkerCommand.Find(Environment(WorkerCommand.OverrideVariable), AppContext.BaseDirectory);

    /// <summary>A client of the host that the options name, or of the one that runs on the data folder.</summary>
    /// <param name="url">The address; null for the environment's, else the data folder's.</param>
    /// <param name="keyFile">The file with the key; null for the environment's, else the data folder's.</param>
    /// <param name="dataFolder">The data folder.</param>
    /// <exception cref="EnvironmentException">No host runs there.</exception>
    /// <exception cref="BadInputException">The address is not one, or not for the key.</exception>
    public RunClient Connect(string? url, string? keyFile, string dataFolder)
    {
        var folder = new DataFolder(dataFolder);
        if (url is null && Environment("R1_URL") is not { Length: > 0 })
        {
            // What it says of itself is right; the environment's key may be another service's.
            var host = folder.FindHost();
            return new(host.Address, host.Key ?? ReadKey(keyFile));
        }

        var address = ParseAddress(url ?? Environment("R1_URL")!);
        if (url is not null && ApiKeys.In(address) is not null)
        {
            throw new BadInputException(
                "--url: the key in the address could be read by other users of this machine while the command runs: "
                + "give such an address in R1_URL, or the key in R1_API_KEY or --api-key-file.");
        }
        var named = keyFile is null ? ApiKeys.In(address) ?? folder.KeyOf(address) : null;
        return new(ApiKeys.Without(address), named ?? ReadKey(keyFile), Environment("R1_TOKEN"));
    }

    /// <summary>The API key of a file, else of the environment; null when there is none.</summary>
    /// <exception cref="BadInputException">The file holds none.</exception>
    public string? ReadKey(string? file)
    {
        if (file is null) return Environment("R1_API_KEY") is { Length: > 0 } key ? key : null;
        try
        {
            return File.ReadAllText(file).Trim() is { Length: > 0 } content
                ? content
                : throw new BadInputException($"--api-key-file: '{file}' is empty; a key is needed.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"--api-key-file: '{file}' cannot be read: {e.Message}", e);
        }
    }

    private static Uri ParseAddress(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
        ? address
        : throw new BadInputException($"'{url}' is not an address: an http:// or https:// URL is needed.");
}

using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Processes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Commands;

/// <summary>What commands read and write besides their arguments.</summary>
/// <param name="Input">Standard input.</param>
/// <param name="Output">Standard output, for programs.</param>
/// <param name="Error">Standard error, for people.</param>
internal sealed record CommandStreams(TextReader Input, TextWriter Output, TextWriter Error)
{
    /// <summary>The process's own.</summary>
    public static CommandStreams Default { get; } = new(Console.In, StandardStreams.Output, StandardStreams.Error);

    /// <summary>Reads a variable of the environment.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>Runs a command; what goes wrong is reported on standard error and becomes its exit code.</summary>
    public async Task<int> GuardAsync(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (Exception e) when (e is BadInputException or WeightsFormatException or NonFiniteException)
        {
            return Fail(e.Message, ExitCodes.BadInput);
        }
        catch (StorageException e)
        {
            return Fail(e.Message, ExitCodes.Retryable);
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Preempted;
        }
    }

    /// <summary>Tells an error.</summary>
    public int Fail(string message, int code)
    {
        Error.WriteLine($"gpujob: {message}");
        return code;
    }
}

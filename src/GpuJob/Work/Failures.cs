using System.Runtime.InteropServices;
using System.Text.Json;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.Shared;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Work;

/// <summary>What an attempt's exception means for the job and for the worker.</summary>
internal static class Failures
{
    private const int MostDetail = 8000;

    /// <summary>The error as the result blob tells it.</summary>
    public static JobError Describe(Exception error)
    {
        var cause = error is AggregateException { InnerExceptions: [var only] } ? only : error;
        var detail = cause.ToString();
        return new(cause.GetType().Name, FirstLine(cause.Message), detail.Length > MostDetail ? detail[..MostDetail] : detail,
            ExitCode(cause));
    }

    /// <summary>Its class: bad input is never tried again.</summary>
    public static int ExitCode(Exception error) => error switch
    {
        BadInputException or CheckpointCorruptException or CheckpointNotFoundException or R1Cloud.Shared.Storage.WeightsFormatException
            or NonFiniteException or JsonException => ExitCodes.BadInput,
        PreemptedException => ExitCodes.Preempted,
        _ => ExitCodes.Retryable,
    };

    /// <summary>Whether the process may be damaged (a native library's error, no memory): the next attempt gets a new one.</summary>
    public static bool TaintsProcess(Exception error) =>
        error is ExternalException or OutOfMemoryException or TypeInitializationException or DllNotFoundException;

    // libtorch's messages go on with a native stack trace.
    private static string FirstLine(string message) => message.Split('\n', 2)[0].TrimEnd();
}

using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace R1Cloud.GpuJob.Commands;

/// <summary>Logs as single lines with the time in UTC.</summary>
internal static class Logs
{
    /// <summary>On the standard output, for workers: the standard error is for what ends them.</summary>
    public static void ToOutput(ILoggingBuilder builder) => builder.AddSimpleConsole(Format);

    /// <summary>On the standard error, for commands whose output is for programs.</summary>
    public static void ToError(ILoggingBuilder builder) =>
        builder.AddSimpleConsole(Format).AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

    private static void Format(SimpleConsoleFormatterOptions options)
    {
        options.SingleLine = true;
        options.UseUtcTimestamp = true;
        options.TimestampFormat = "HH:mm:ss.fff ";
        options.ColorBehavior = LoggerColorBehavior.Disabled;
    }
}

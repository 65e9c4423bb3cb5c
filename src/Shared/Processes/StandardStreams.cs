namespace R1Cloud.Shared.Processes;

/// <summary>
/// The process's standard output and error, the only way to them. Loggers that write to the console write through these too.
/// </summary>
public static class StandardStreams
{
    static StandardStreams()
    {
        RawOutput = Console.Out;
        Error = PrintableWriter.Over(Console.Error);
        Output = Console.IsOutputRedirected ? RawOutput : PrintableWriter.Over(RawOutput);
        Console.SetOut(Output);
        Console.SetError(Error);
    }

    /// <summary>The standard output. What goes into a file or a pipe is for programs and goes as it is.</summary>
    public static TextWriter Output { get; }

    /// <summary>The standard error: for people, always.</summary>
    public static PrintableWriter Error { get; }

    /// <summary>The standard output for a view that steers the terminal itself, and lets only printable text through.</summary>
    public static TextWriter RawOutput { get; }

    /// <summary>
    /// Sends to the standard error whatever is written to the standard output from now on, by name or by a logger: the stream itself is for
    /// replies alone.
    /// </summary>
    public static void SendOutputToError() => Console.SetOut(Error);
}

using R1Cloud.Shared.Processes;
using Spectre.Console;

namespace R1Cloud.LocalHost.Display;

/// <summary>Lines of text for people.</summary>
internal static class ConsoleLines
{
    /// <summary>Writes a line of markup. A file or a pipe gets it whole: only a terminal has an edge to wrap at.</summary>
    public static void WriteMarkup(this IAnsiConsole console, string markup)
    {
        if (console.Profile.Out.IsTerminal) console.MarkupLine(markup);
        else console.Profile.Out.Writer.WriteLine(Printable.Of(Markup.Remove(markup).TrimEnd()));
    }
}

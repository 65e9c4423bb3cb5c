using System.Text;
using Spectre.Console;

namespace R1Cloud.LocalHost.Tests.Display;

/// <summary>A terminal of a given width, or a pipe, that writes text without colours.</summary>
public sealed class TextConsole
{
    private readonly StringWriter writer = new();

    public TextConsole(int width, bool unicode = true, bool terminal = true)
    {
        Console = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors,
                Out = new Output(writer, width, terminal) });
        Console.Profile.Width = width;
        Console.Profile.Capabilities.Unicode = unicode;
    }

    public IAnsiConsole Console { get; }

    /// <summary>What was written, without blanks at the ends of lines.</summary>
    public string Text => string.Join('\n', writer.ToString().ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd()));

    public IReadOnlyList<string> Lines => Text.Split('\n');

    private sealed class Output(TextWriter writer, int width, bool terminal) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;
        public bool IsTerminal => terminal;
        public int Width => width;
        public int Height => 60;

        public void SetEncoding(Encoding encoding) { }
    }
}

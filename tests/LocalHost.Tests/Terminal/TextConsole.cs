using Spectre.Console;

namespace R1Cloud.LocalHost.Tests.Terminal;

/// <summary>A console of a given width that writes text without colours.</summary>
public sealed class TextConsole
{
    private readonly StringWriter writer = new();

    public TextConsole(int width, bool unicode = true)
    {
        Console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(writer) });
        Console.Profile.Width = width;
        Console.Profile.Capabilities.Unicode = unicode;
    }

    public IAnsiConsole Console { get; }

    /// <summary>What was written, without blanks at the ends of lines.</summary>
    public string Text => string.Join('\n', writer.ToString().ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd()));

    public IReadOnlyList<string> Lines => Text.Split('\n');
}

using Spectre.Console;

namespace R1Cloud.LocalHost.Display;

/// <summary>The few signs the terminal views are drawn with.</summary>
/// <param name="Done">A finished stage, a right answer.</param>
/// <param name="Failed">A failed stage, a wrong answer.</param>
/// <param name="Running">The running stage.</param>
/// <param name="Pending">A stage to come.</param>
/// <param name="BarFull">The done part of a bar.</param>
/// <param name="BarEmpty">The rest of a bar.</param>
/// <param name="Arrow">From before to after.</param>
/// <param name="Dot">Between two remarks.</param>
/// <param name="Cut">Where a text was cut off.</param>
/// <param name="Levels">Heights of a sparkline, lowest first.</param>
/// <param name="PlusMinus">Before half an interval.</param>
internal sealed record Glyphs(string Done, string Failed, string Running, string Pending, char BarFull, char BarEmpty, string Arrow,
    string Dot, char Cut, string Levels, string PlusMinus)
{
    private static readonly Glyphs Unicode = new("✓", "✗", "▸", "·", '━', '─', "→", "·", '…', "▁▂▃▄▅▆▇█", "±");
    private static readonly Glyphs Ascii = new("+", "x", ">", ".", '=', '-', "->", "-", '~', "_.-=+*%#", "+-");

    /// <summary>Those that a console can show.</summary>
    public static Glyphs For(IAnsiConsole console) => console.Profile.Capabilities.Unicode ? Unicode : Ascii;

    /// <summary>A text of a report in signs that the console can show.</summary>
    public string Plain(string text) => text
        .Replace("→", Arrow, StringComparison.Ordinal).Replace("±", PlusMinus, StringComparison.Ordinal)
            .Replace("–", Levels == Ascii.Levels ? "-" : "–", StringComparison.Ordinal);
}

using R1Cloud.Pipeline.Report;
using Spectre.Console;

namespace R1Cloud.LocalHost.Display;

/// <summary>Tables and long sentences of a report as lines of text.</summary>
internal static class TextTable
{
    private const string Gap = "  ";

    /// <summary>
    /// The table's lines as markup, the first column to the left, the others to the right. No cell is cut: where the console is too narrow,
    /// the least telling columns are left out.
    /// </summary>
    /// <param name="table">The table.</param>
    /// <param name="width">Columns of the console; null for no bound.</param>
    /// <param name="leastTelling">The columns that may be left out, the first one first; names with | between them go together.</param>
    public static IEnumerable<string> Lines(ReportTable table, int? width, params IEnumerable<string> leastTelling)
    {
        var columns = Enumerable.Range(0, table.Head.Count).ToList();
        var widths = columns.Select(column => table.Rows.Select(row => row[column].Length).Append(table.Head[column].Length).Max())
            .ToList();
        foreach (var name in leastTelling)
        {
            if (width is null || columns.Sum(column => widths[column] + Gap.Length) <= width) break;
            columns.RemoveAll(column => name.Split('|').Contains(table.Head[column]));
        }
        yield return $" [grey]{Markup.Escape(Row(table.Head))}[/]";
        foreach (var row in table.Rows)
        {
            var text = Row(row);
            yield return $" [bold]{Markup.Escape(text[..widths[0]])}[/]{Markup.Escape(text[widths[0]..])}";
        }

        string Row(IReadOnlyList<string> cells) =>
            string.Join(Gap,
                columns.Select(column => column == 0 ? cells[column].PadRight(widths[column]) : cells[column].PadLeft(widths[column])))
                .TrimEnd().PadRight(widths[0]);
    }

    /// <summary>A text broken between words into lines of at most so many columns; a word that is longer stays whole.</summary>
    public static IEnumerable<string> Wrap(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }
            line += line.Length == 0 ? word : " " + word;
        }
        if (line.Length > 0) yield return line;
    }
}

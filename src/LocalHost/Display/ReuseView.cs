using R1Cloud.Pipeline.Reuse;
using Spectre.Console;

namespace R1Cloud.LocalHost.Display;

/// <summary>What a run takes over from other runs, a line a stage.</summary>
internal sealed class ReuseView(IAnsiConsole console)
{
    private readonly Glyphs glyphs = Glyphs.For(console);

    /// <summary>Writes the plan.</summary>
    public void Write(ReusePlan plan)
    {
        var names = Math.Clamp(plan.Stages.Max(stage => stage.Name.Length), 8, 24);
        foreach (var stage in plan.Stages)
        {
            var name = Markup.Escape(Format.OneLine(stage.Name, names, glyphs.Cut).PadRight(names));
            console.WriteMarkup(stage.ReusedFrom is { } origin
                ? $" [green]{glyphs.Done}[/] {name}  reused "
                    + $"from {Markup.Escape(origin.RunId)}{(origin.Label == stage.Name ? "" : $" ({Markup.Escape(origin.Label)})")}{(stage.Measures ? ", measured again" : "")}"
                : $" [grey]{glyphs.Pending}[/] {name}  [grey]runs ({Markup.Escape(stage.Reason ?? "there already")})[/]");
        }
    }
}

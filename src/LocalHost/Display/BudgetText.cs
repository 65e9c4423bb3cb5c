using System.Globalization;
using R1Cloud.Pipeline.Model;
using Spectre.Console;

namespace R1Cloud.LocalHost.Display;

/// <summary>How a run stands with its budget, in a line.</summary>
internal static class BudgetText
{
    /// <summary>The line, with markup.</summary>
    public static string Of(BudgetView budget)
    {
        if (budget.Held is { } held)
            return $"[olive]budget: {Markup.Escape(held)}[/] [grey]r1 resume RUN --budget AMOUNT raises it.[/]";
        var (colour, text) = (budget.Warns ? "olive" : "grey", string.Create(CultureInfo.InvariantCulture,
            $"budget: {budget.Spent:0.00##} of {budget.Amount:0.00##} {budget.Currency} spent"));
        if (budget.NextIs is { } next)
        {
            text += string.Create(CultureInfo.InvariantCulture,
                $"; under way: {next}, about {budget.Next:0.00##}, which may overshoot by {budget.MayOvershoot:0.00##}");
        }
        return $"[{colour}]{Markup.Escape(text)}[/]";
    }
}

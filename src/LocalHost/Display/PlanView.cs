using R1Cloud.Pipeline.Plan;
using Spectre.Console;

namespace R1Cloud.LocalHost.Display;

/// <summary>A run's plan for the terminal.</summary>
internal sealed class PlanView(IAnsiConsole console)
{
    private static readonly string[] Units = ["", "k", "M", "G", "T", "P", "E", "Z", "Y"];

    /// <summary>Writes the plan.</summary>
    public void Write(RunPlanEstimate plan)
    {
        var names = plan.Stages.Select(stage => stage.Name.Length).Append(10).Max() + 2;
        Line($" [bold]{Markup.Escape(plan.Recipe)}[/]  [grey]{plan.Nodes} × {Markup.Escape(plan.Device)}"
            + $"{(plan.DevicesPerNode > 1 ? $" ({plan.DevicesPerNode} devices each)" : "")}, cost in {Markup.Escape(plan.Currency)}[/]");
        Line($" [grey]{"stage".PadRight(names)}{"generated",9}{"trained",9}{"scored",9}{"FLOPs",9}{"hours",8}{"wall",10}{"cost",11}[/]");
        foreach (var stage in plan.Stages) WriteStage(stage, names);
        Line(
            $" [bold]{"all".PadRight(names)}[/]{"",36}{Amount(plan.DeviceHours),8}{Format.Duration(plan.WallSeconds),10}{Amount(plan.Cost),11}");
        Line($" [grey]{"storage".PadRight(names)}[/]{Scaled(plan.StorageGigabytes * 1e9)}B  "
            + $"[grey]{Amount(plan.StorageCostPerMonth)} {Markup.Escape(plan.Currency)} a month[/]");
        if (plan.NoEstimate.Count > 0) Line($" [yellow]not in these sums: {Markup.Escape(string.Join(", ", plan.NoEstimate))}[/]");
        WriteMemory(plan);
        Line("");
        Line(" [bold]Assumptions[/]");
        foreach (var sentence in plan.Assumptions) Line($" [grey]{Markup.Escape("- " + sentence)}[/]");
    }

    // Sentences, which the terminal wraps.
    private void WriteMemory(RunPlanEstimate plan)
    {
        var stages = plan.Stages.Where(stage => stage.Memory is not null).ToList();
        if (stages.Count == 0) return;
        Line("");
        Line(" [bold]Memory of a device[/]");
        foreach (var stage in stages)
        {
            var memory = stage.Memory!;
            var roles = string.Join(", ", memory.Roles.Select(role => $"{role.Key} {Scaled(role.Value)}B"));
            var beside = memory.HostBytes > 0 ? $"; and {Scaled(memory.HostBytes)}B of the machine's own" : "";
            var needs = $"- {stage.Name}: {memory.Phase} takes {Scaled(memory.Bytes)}B: {roles}{beside}";
            if (memory.MissingBytes is not { } missing)
            {
                Line($" [grey]{Markup.Escape(needs)}[/]");
                continue;
            }
            var remedies = memory.Remedies.Count > 0
                ? $"It would fit with {string.Join(", or ", memory.Remedies)}." : "No setting by itself makes it fit.";
            Line($" [red]{Markup.Escape($"{needs}. That does not fit a {plan.Device}: {Scaled(missing)}B more than the "
                + $"{Scaled(memory.DeviceBytes!.Value)}B there are. {remedies}")}[/]");
        }
    }

    private void WriteStage(StagePlan stage, int names)
    {
        var name = Markup.Escape(stage.Name.PadRight(names));
        Line(stage.Work is not { } work
            ? $" {name}[yellow]{Markup.Escape(stage.Note ?? "no estimate")}[/]"
            : $" {name}{Scaled(work.GeneratedTokens),9}{Scaled(work.TrainedTokens),9}{Scaled(work.ScoredTokens),9}{Scaled(work.GenerationFlops + work.TrainingFlops),9}"
                + $"{Amount(stage.DeviceHours!.Value),8}{Format.Duration(stage.WallSeconds!.Value),10}{Amount(stage.Cost!.Value),11}");
    }

    /// <summary>1.23 M: three digits and a unit of a thousand.</summary>
    internal static string Scaled(double value)
    {
        var unit = 0;
        while (value >= 999.5 && unit < Units.Length - 1)
        {
            value /= 1000;
            unit++;
        }
        return (Format.Number(value, value >= 100 ? "0" : value >= 10 ? "0.#" : "0.##") + " " + Units[unit]).TrimEnd();
    }

    // Two decimals where they say something, else the first digits.
    private static string Amount(double value) =>
        value is 0 or >= 0.01 ? Format.Number(value, value >= 1000 ? "#,0" : "0.00") : Format.Number(value, "0.0e-0");

    private void Line(string markup) => console.WriteMarkup(markup);
}

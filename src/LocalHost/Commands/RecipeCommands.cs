using System.CommandLine;
using R1Cloud.LocalHost.Display;
using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.WorkerProcesses;
using R1Cloud.Shared.Recipes.Keys;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Terminal;
using Spectre.Console;

namespace R1Cloud.LocalHost.Commands;

/// <summary>The commands that need no host.</summary>
internal static class RecipeCommands
{
    /// <summary>All of them.</summary>
    public static IEnumerable<Command> All(CommandContext context)
    {
        var recipe = new RecipeArguments(context);
        var json = new Option<bool>("--json") { Description = "Print the recipe with everything filled in." };
        var check = new ExampleCommand("check",
            "Checks a recipe and its data without running it; every problem is listed with file, line and field, every row that does not "
            + "fit with file and row.",
            "./r1 check recipes/quickstart.json", "./r1 check recipes/quickstart.json --set stages.r1-zero.groupSize=16 --json") { json };
        recipe.AddTo(check);
        check.SetAction(async (parsed, cancellation) =>
        {
            var loaded = recipe.Load(parsed);
            var measured = await TrainerCheck.RunAsync(loaded, context.FindTrainer, cancellation);
            return Check(context, recipe.File(parsed), loaded, measured, parsed.GetValue(json));
        });
        yield return check;

        var schema = new ExampleCommand("schema", "Prints the JSON Schema of recipes.", "./r1 schema");
        schema.SetAction(parsed => context.Output.Write(RecipeSchema.Generate()));
        yield return schema;
    }

    private static int Check(CommandContext context, string file, LoadedRecipe loaded, IReadOnlyList<string> measured, bool json)
    {
        foreach (var note in loaded.Notes) context.Error.WriteLine(note);
        if (json)
        {
            context.Output.WriteLine(loaded.ResolvedJson);
            return ExitCode.Ok;
        }
        context.Console.WriteMarkup($"[green]good[/]  {Markup.Escape(file)}  [grey]run id {Markup.Escape(RunNames.For(loaded))}[/]");
        var stages = loaded.Recipe.Expand().Stages;
        var width = stages.Keys.Max(name => name.Length);
        foreach (var (name, stage) in stages)
            context.Console.WriteMarkup(
                $"      {Markup.Escape(name.PadRight(width))} [grey]{Markup.Escape(stage.Describe(loaded.Recipe))}[/]");
        foreach (var line in measured) context.Console.WriteMarkup($"[grey]      {Markup.Escape(line)}[/]");
        if (loaded.Recipe.StoredInputs() is { Count: > 0 } inputs)
            context.Console.WriteMarkup(
                $"[grey]      inputs in storage, looked for when the run starts: {Markup.Escape(string.Join(", ", inputs))}[/]");
        return ExitCode.Ok;
    }
}

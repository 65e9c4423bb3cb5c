using System.CommandLine;
using R1Cloud.Shared.Commands;
using R1Cloud.Shared.Recipes;
using Spectre.Console;

namespace R1Cloud.LocalHost.Commands;

/// <summary>The commands that need no host.</summary>
internal static class RecipeCommands
{
    /// <summary>All of them.</summary>
    public static IEnumerable<Command> All(CommandContext context)
    {
        var recipe = new RecipeArguments();
        var json = new Option<bool>("--json") { Description = "Print the recipe with everything filled in." };
        var check = new ExampleCommand("check", "Checks a recipe without running it; every problem is listed with file, line and field.",
            "./r1 check recipes/quickstart.json", "./r1 check recipes/quickstart.json --set stages.r1-zero.groupSize=16 --json") { json };
        recipe.AddTo(check);
        check.SetAction((parsed, _) => context.GuardAsync(() => Task.FromResult(Check(context, recipe.File(parsed), recipe.Load(parsed), parsed.GetValue(json)))));
        yield return check;

        var schema = new ExampleCommand("schema", "Prints the JSON Schema of recipes.", "./r1 schema");
        schema.SetAction(parsed => context.Output.Write(RecipeSchema.Generate()));
        yield return schema;
    }

    private static int Check(CommandContext context, string file, LoadedRecipe loaded, bool json)
    {
        if (json)
        {
            context.Output.WriteLine(loaded.ResolvedJson);
            return ExitCode.Ok;
        }
        context.Console.MarkupLine($"[green]good[/]  {Markup.Escape(file)}  [grey]run id {Markup.Escape(RunNames.For(loaded))}[/]");
        foreach (var (name, stage) in loaded.Recipe.Expand().Stages)
            context.Console.MarkupLine($"      {Markup.Escape(name),-12} [grey]{Markup.Escape(Describe(stage))}[/]");
        return ExitCode.Ok;
    }

    private static string Describe(StageRecipe stage) => stage switch
    {
        PretrainStage pretrain => $"pretrain, {pretrain.Steps} steps of {pretrain.BatchSize} sequences",
        RlStage rl => $"{rl.Loss.Name}, {rl.Iterations} iterations of {rl.Questions} questions, {rl.GroupSize} samples each",
        SampleStage sample => $"{(sample is CollectStage ? "collect" : "rejection-sample")}, {sample.Questions} questions, {sample.Samples} samples each, of which {sample.Keep} are kept at most",
        SftStage sft => $"sft on {string.Join(" + ", sft.Data)}, {sft.Epochs} epochs in batches of {sft.BatchSize}",
        EvaluateStage evaluate => $"evaluate, {string.Join("; ", evaluate.Evaluation.All().Select(benchmark => $"{benchmark.Key}: {benchmark.Value.Problems} problems, {benchmark.Value.Samples} samples each"))}",
        _ => stage.GetType().Name,
    };
}

using System.CommandLine;
using R1Cloud.Datasets;
using R1Cloud.LocalHost.Display;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Pipeline;
using R1Cloud.Pipeline.Plan;
using R1Cloud.Terminal;

namespace R1Cloud.LocalHost.Commands;

/// <summary><c>r1 plan</c>: what a run will take, before it is launched.</summary>
internal static class PlanCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var recipe = new RecipeArguments(context);
        var nodes = new Option<int?>("--nodes") { Description = "Machines, one worker each; the recipe's workers when left out." };
        var gpu = new Option<string?>("--gpu") {
            Description =
            "The device, by its name in the price table: h100, h200, a100, l40s, cpu, or of a machine with eight h100x8, h200x8, a100x8; "
            + "what the recipe's workers ask for when left out." };
        var prices = new Option<string?>("--price-table") { Description = "Your own price table: a JSON file like data/price-table.json." };
        var model = new Option<string?>("--model") {
            Description = "A checkpoint's config.json, or its folder, for models that the recipe does not shape." };
        var share = new Option<double>("--length-share") { Description = "Expected length of completions as a share of maxNewTokens.",
            DefaultValueFactory = _ => 0.5 };
        var json = new Option<bool>("--json") { Description = "Print the plan as JSON." };
        var plan = new ExampleCommand("plan",
            "Estimates tokens, FLOPs, device hours, storage, time and cost of a run before it is launched.",
            "./r1 plan recipes/quickstart.json",
                "./r1 plan recipes/quickstart.json --gpu h100 --nodes 8 --set stages.r1-zero.shards=8 --json") { nodes, gpu, prices, model,
                share, json };
        recipe.AddTo(plan);
        plan.SetAction((parsed, _) =>
        {
            var table = parsed.GetValue(prices) is { } file ? PriceTable.Load(file) : PriceTable.Default;
            var options = new PlanOptions
            {
                Datasets = DatasetReader.Instance, Hub = context.Hub,
                Nodes = parsed.GetValue(nodes), Device = parsed.GetValue(gpu), LengthShare = parsed.GetValue(share),
                Model = parsed.GetValue(model) is { } config ? PlanModel.Load(config) : null,
            };
            var estimate = PipelineRegistration.CreatePlanner().Plan(recipe.Load(parsed).Recipe, options, table);
            if (parsed.GetValue(json)) context.WriteJson(estimate);
            else new PlanView(context.Console).Write(estimate);
            return Task.FromResult(ExitCode.Ok);
        });
        return plan;
    }
}

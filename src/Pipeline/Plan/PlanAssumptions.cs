using System.Globalization;
using R1Cloud.Shared.Memory;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Pipeline.Plan;

/// <summary>What a plan's figures rest on.</summary>
internal static class PlanAssumptions
{
    /// <summary>The sentences.</summary>
    public static IReadOnlyList<string> Of(Recipe recipe, PlanOptions options, RunPlanner.Machines machines, PriceTable prices)
    {
        var (nodes, devices, replicas, device) = machines;
        List<FormattableString> sentences =
        [
            $"Completions take {options.LengthShare * 100:0.#} % of maxNewTokens, which bounds them from above (--length-share).",
            $"A forward pass of S tokens takes 2·N·S + 2·L·d·S² operations, generating the same, training three times as many (6·N a token).",
            $"Old log-probabilities are kept from sampling; the reference model scores (2·N a token) where the loss has a KL term.",
            $"{options.Device}: {device.Teraflops:0.###} TFLOP/s at its peak, of which generating reaches {device.GenerationUtilisation * 100:0.#} % and training {device.TrainingUtilisation * 100:0.#} %; tiny models reach less.",
            $"Shards of rollouts, data and updates fan out over {nodes} {(nodes == 1 ? "node" : "nodes")}; a benchmark and other training take one. Gradients between shards, queueing, storage and starting are not counted.",
            $"{Replicas(replicas)}",
            $"Checkpoints are FP32 weights with AdamW's two moments (12 bytes a parameter); rollouts take 8 bytes a token, example answers not counted.",
            $"Memory is arithmetic from the model's shape: weights, gradients and moments, caches and passes at their longest; of a device's memory 5 % are left to driver and fragments. Attention in float32 may take more on a GPU, where it has no fused kernel.",
            $"{device.PricePerHour:0.###} {prices.Currency} an hour and node, all its devices used or not, all nodes over the whole wall time ({device.Date}; {device.Source}).",
        ];
        if (recipe.Tasks.Values.Any(task => task is DatasetTask))
            sentences.Add($"Prompts of data sets take {MemoryDemands.DatasetPromptTokens} tokens each: they are not read for the plan.");
        if (recipe.Stages.Values.OfType<RlStage>().Any(stage => stage.DynamicSampling is not null))
            sentences.Add(
                $"Dynamic sampling takes one round, as if every question taught something; each further round of an iteration generates up to as much again.");
        if (recipe.Stages.Values.OfType<RlStage>().Any(stage => stage.KeepStateEvery > 1))
            sentences.Add(
                $"With keepStateEvery above 1 the checkpoints that stay are weights (4 bytes a parameter), and moments (8) where both fall on an iteration of keepEvery; states and policies that updates may be taken again from come and go while the stage runs.");
        if (recipe.Stages.Values.OfType<PretrainStage>().Any())
            sentences.Add($"Pretraining examples are as long as the longest.");
        if (recipe.Stages.Values.Any(stage => stage is SampleStage))
            sentences.Add(
                $"Every question of collect and rejection-sample keeps as many samples as it may: their rows, and what learns from them, are bounds from above.");
        if (options.Model is { } model && model.Active < model.Parameters)
            sentences.Add(
                $"Of {model.Parameters / 1e9:0.#} G parameters {model.Active / 1e9:0.#} G work on a token (a mixture of experts): they decide the operations, all of them the checkpoints.");
        if (recipe.Workers.Device.Split(',').Length is var named && named > devices)
            sentences.Add(
                $"The recipe's workers name {named} GPUs; a machine with {options.Device} has {devices}, and is planned for (--gpu).");
        return [.. sentences.Select(sentence => sentence.ToString(CultureInfo.InvariantCulture))];
    }

    private static string Replicas(int replicas) => replicas == 1
        ? "A node computes with one copy of a model at a time."
        : string.Create(CultureInfo.InvariantCulture, $"A node's worker deals what it samples out among {replicas} copies of the model, ")
            + "and computes as many of an update's replicas (updateReplicas) at once; other training takes one.";
}

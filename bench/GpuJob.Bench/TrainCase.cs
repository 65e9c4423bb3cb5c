using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Bench;

/// <summary>Training steps: forward, backward, clip and AdamW.</summary>
internal static class TrainCase
{
    /// <summary>A supervised step on full rows, against eager libtorch with TorchSharp's own AdamW.</summary>
    public static object Run(ModelConfig config, Compute compute, (int Rows, int Length) shape)
    {
        var random = new Random(1);
        var sequences = Enumerable.Range(0, shape.Rows)
            .Select(_ => new TokenSequence([.. Enumerable.Range(0, shape.Length + 1).Select(_ => random.Next(config.VocabularySize))], 1)).ToArray();
        using var model = CausalLm.Create(config, CPU, 1);
        using var batch = TokenBatch.Create(sequences, CPU);
        using var optimizer = new AdamW(model.Trainable, new OptimizerRecipe { LearningRate = 1e-4 });
        var seconds = Gemm.Median(3, () =>
        {
            using var scope = NewDisposeScope();
            (-model.TokenLogProbs(batch).LogProbs.sum() / batch.Tokens).backward();
            optimizer.ClipGradients(1);
            optimizer.Step(1e-4);
            optimizer.ZeroGradients();
        });

        var eagerOptimizer = optim.AdamW(model.parameters(), 1e-4);
        var eager = Gemm.Median(3, () =>
        {
            using var scope = NewDisposeScope();
            var weights = model.Weights.ToDictionary(weight => weight.Name, weight => (Tensor)weight.Tensor);
            var logits = EagerBaseline.Forward(model, weights, batch.Layout.Ids.view(shape.Rows, shape.Length), 0, null, null);
            nn.functional.cross_entropy(logits.flatten(0, 1), batch.Targets).backward();
            nn.utils.clip_grad_norm_(model.parameters(), 1);
            eagerOptimizer.step();
            eagerOptimizer.zero_grad();
        });
        double tokens = shape.Rows * shape.Length, flops = Flops(config, shape.Length) * tokens;
        return new { milliseconds = Math.Round(seconds * 1000), tokensPerSecond = Math.Round(tokens / seconds), eagerTokensPerSecond = Math.Round(tokens / eager), gflops = Math.Round(flops / seconds / 1e9, 1), shareOfGemm = Math.Round(flops / seconds / 1e9 / Gemm.Rate(compute.Threads), 2) };
    }

    /// <summary>The quickstart's update: 256 samples of 7 + 10 to 30 tokens in two mini-batches, cut into parts of like length.</summary>
    public static object Update(ModelConfig config, Compute compute)
    {
        var random = new Random(1);
        var sequences = Enumerable.Range(0, 256)
            .Select(_ => new TokenSequence([.. Enumerable.Range(0, 7 + random.Next(10, 31)).Select(_ => random.Next(config.VocabularySize))], 7)).ToArray();
        using var model = CausalLm.Create(config, CPU, 1);
        using var optimizer = new AdamW(model.Trainable, new OptimizerRecipe { LearningRate = 1e-4 });
        var options = new PolicyLossOptions { Name = "dapo" };
        var byParts = new[] { int.MaxValue, 2048, 1024 }.ToDictionary(
            size => size == int.MaxValue ? "whole" : $"{size}",
            size => Math.Round(1000 * Gemm.Median(3, () => UpdateOnce(size))));
        double tokens = sequences.Sum(sequence => sequence.Ids.Length - 1);
        var processor = Math.Round(1000 * Gemm.ProcessorSeconds(2, () => UpdateOnce(2048)));
        return new { tokens, processorMilliseconds = processor, millisecondsByMaxTokens = byParts, tokensPerSecond = Math.Round(tokens / byParts.Values.Min() * 1000), shareOfGemm = Math.Round(Flops(config, 27) * tokens / (byParts.Values.Min() * 1e6) / Gemm.Rate(compute.Threads), 2) };

        void UpdateOnce(int maxTokens)
        {
            foreach (var rows in sequences.Chunk(128))
            {
                foreach (var part in TokenBatch.Plan([.. rows.Select(row => row.Ids.Length)], maxTokens))
                {
                    using var scope = NewDisposeScope();
                    using var batch = TokenBatch.Create([.. part.Select(row => rows[row])], CPU);
                    var scores = model.TokenLogProbs(batch);
                    PolicyLosses.Compute(options, new PolicyLossInput
                    {
                        LogProbs = scores.LogProbs,
                        OldLogProbs = scores.LogProbs.detach(),
                        Entropy = scores.Entropy,
                        Advantages = ones(batch.Rows),
                        Mask = batch.Mask,
                        TotalRows = 128,
                        TotalTokens = rows.Sum(row => row.Scored),
                    }).Loss.backward();
                }
                using var outer = NewDisposeScope();
                optimizer.ClipGradients(1);
                optimizer.Step(1e-4);
                optimizer.ZeroGradients();
            }
        }
    }

    /// <summary>Operations a trained token: 6 a weight, and the attention's two products.</summary>
    private static double Flops(ModelConfig config, int length) =>
        (6.0 * config.ParameterCount()) + (6.0 * 2 * config.Layers * config.Heads * config.HeadDim * length / 2);
}

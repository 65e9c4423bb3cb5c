using R1Cloud.GpuJob.Losses;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Bench;

/// <summary>Training steps: forward, backward, clip and AdamW.</summary>
internal static class TrainCase
{
    /// <summary>
    /// A supervised step on full rows in float32: in kernels of our own where they cover the model, by automatic differentiation, and eager
    /// libtorch with TorchSharp's own AdamW, in turns; then in bfloat16 over float32 weights. Shares are of the float32 GEMM rate;
    /// <c>share</c> counts 6 operations a parameter and token, <c>shareWithAttention</c> the attention's products too.
    /// </summary>
    public static object Run(ModelConfig config, Compute compute, (int Rows, int Length) shape)
    {
        var sequences = Sequences(config, shape);
        using var model = CausalLm.Create(config, CPU, 1);
        using var batch = TokenBatch.Create(sequences, CPU);
        using var optimizer = new AdamW(model.Trainable, new OptimizerRecipe { LearningRate = 1e-4 });
        void Step(int chunk)
        {
            using var scope = NewDisposeScope();
            (-model.TokenLogProbs(batch, chunk: chunk).LogProbs.sum() / batch.Tokens).backward();
            optimizer.ClipGradients(1);
            optimizer.Step(1e-4);
            optimizer.ZeroGradients();
        }

        var eagerOptimizer = optim.AdamW(model.parameters(), 1e-4);
        void Eager()
        {
            using var scope = NewDisposeScope();
            var weights = model.Weights.ToDictionary(weight => weight.Name, weight => weight.Tensor);
            var logits = EagerBaseline.Forward(model, weights, batch.Layout.Ids.view(shape.Rows, shape.Length), 0, null, null);
            nn.functional.cross_entropy(logits.flatten(0, 1), batch.Targets).backward();
            nn.utils.clip_grad_norm_(model.parameters(), 1);
            eagerOptimizer.step();
            eagerOptimizer.zero_grad();
        }

        var gemm = Gemm.Rate(compute.Threads);
        // A chunk that is named asks for automatic differentiation; this one is what it would choose by itself.
        var times = Gemm.Medians(5, () => Step(0), () => Step(Math.Max(64, (1 << 24) / config.VocabularySize)), Eager);
        var (seconds, autograd, eager) = (times[0], times[1], times[2]);
        model.ComputeType = ScalarType.BFloat16;
        var half = Gemm.Median(3, () => Step(0));
        gemm = Math.Max(gemm, Gemm.Rate(compute.Threads));
        double tokens = shape.Rows * shape.Length;
        double Share(double time) => Math.Round(6.0 * config.ParameterCount() * tokens / time / 1e9 / gemm, 2);
        return new
        {
            parameters = config.ParameterCount(), gemm = Math.Round(gemm, 1), milliseconds = Math.Round(seconds * 1000),
                tokensPerSecond = Math.Round(tokens / seconds), share = Share(seconds),
            shareWithAttention = Math.Round(Flops(config, shape.Length) * tokens / seconds / 1e9 / gemm, 2),
            autogradTokensPerSecond = Math.Round(tokens / autograd), autogradShare = Share(autograd),
            eagerTokensPerSecond = Math.Round(tokens / eager), eagerShare = Share(eager), timesEager = Math.Round(eager / seconds, 2),
            bfloat16TokensPerSecond = Math.Round(tokens / half), bfloat16Share = Share(half),
        };
    }

    /// <summary>
    /// Peak memory of one update, in bytes above the model and optimizer, by what is recomputed and how much of the logits exists at once.
    /// </summary>
    public static object Memory(ModelConfig config)
    {
        config = config with { VocabularySize = 32000 };
        using var model = CausalLm.Create(config, CPU, 1);
        using var batch = TokenBatch.Create(Sequences(config, (4, 512)), CPU);
        double Peak(bool recompute, ScalarType type, int chunk)
        {
            (model.Recompute, model.ComputeType) = (recompute, type);
            var before = Environment.WorkingSet;
            long peak = before;
            using var timer = new Timer(_ => peak = Math.Max(peak, Environment.WorkingSet), null, 0, 2);
            using (NewDisposeScope()) (-model.TokenLogProbs(batch, chunk: chunk).LogProbs.sum() / batch.Tokens).backward();
            foreach (var (_, parameter) in model.Trainable) parameter.grad = null;
            return Math.Round((peak - before) / 1048576.0);
        }

        // From the smallest on: what is freed stays with the process, so each figure is what it needed beyond the ones before.
        var figures = new List<object>();
        double sum = 0;
        foreach (var (name, recompute, type, chunk) in new[]
        {
            ("bfloat16, recomputed, chunked", true, ScalarType.BFloat16, 0), ("float32, recomputed, chunked", true, ScalarType.Float32, 0),
            ("bfloat16, kept, chunked", false, ScalarType.BFloat16, 0), ("float32, kept, chunked", false, ScalarType.Float32, 0),
                ("float32, kept, whole logits", false, ScalarType.Float32, int.MaxValue),
        })
        {
            sum += Peak(recompute, type, chunk);
            figures.Add(new { name, peakMegabytes = sum });
        }
        return new { parameters = config.ParameterCount(), tokens = batch.Tokens, vocabulary = config.VocabularySize, figures };
    }

    private static TokenSequence[] Sequences(ModelConfig config, (int Rows, int Length) shape)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, shape.Rows)
            .Select(_ => new TokenSequence([.. Enumerable.Range(0, shape.Length + 1).Select(_ => random.Next(config.VocabularySize))], 1))];
    }

    /// <summary>The quickstart's update: 256 samples of 7 + 10 to 30 tokens in two mini-batches, cut into parts of like length.</summary>
    public static object Update(ModelConfig config, Compute compute)
    {
        var random = new Random(1);
        var sequences = Enumerable.Range(0, 256)
            .Select(_ =>
                new TokenSequence([.. Enumerable.Range(0, 7 + random.Next(10, 31)).Select(_ => random.Next(config.VocabularySize))], 7))
                .ToArray();
        using var model = CausalLm.Create(config, CPU, 1);
        using var optimizer = new AdamW(model.Trainable, new OptimizerRecipe { LearningRate = 1e-4 });
        var options = new PolicyLossOptions { Name = "dapo" };
        var byParts = new[] { int.MaxValue, 2048, 1024 }.ToDictionary(
            size => size == int.MaxValue ? "whole" : $"{size}",
            size => Math.Round(1000 * Gemm.Median(3, () => UpdateOnce(size))));
        double tokens = sequences.Sum(sequence => sequence.Ids.Length - 1);
        var processor = Math.Round(1000 * Gemm.ProcessorSeconds(2, () => UpdateOnce(2048)));
        return new { tokens, processorMilliseconds = processor, millisecondsByMaxTokens = byParts,
            tokensPerSecond = Math.Round(tokens / byParts.Values.Min() * 1000),
            shareOfGemm = Math.Round(Flops(config, 27) * tokens / (byParts.Values.Min() * 1e6) / Gemm.Rate(compute.Threads), 2) };

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

    // Operations a trained token: 6 a weight, and the attention's two products.
    private static double Flops(ModelConfig config, int length) =>
        (6.0 * config.ParameterCount()) + (6.0 * 2 * config.Layers * config.Heads * config.HeadDim * length / 2);
}

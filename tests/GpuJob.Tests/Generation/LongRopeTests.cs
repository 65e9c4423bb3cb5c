using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Simd;
using R1Cloud.GpuJob.Generation.Torch;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Generation;

/// <summary>LongRoPE: a sequence has short factors up to the length trained, long ones at every position beyond.</summary>
public sealed class LongRopeTests
{
    private const int Trained = 24;

    private static readonly ModelConfig Config = TestModels.Config(headDim: 12) with
    {
        ModelType = "phi3", RotatedShare = 0.5, InitializerRange = 0.3,
        Rope = new() { LongRope = new(new([1, 1.5, 2]), new([1, 4, 9]), Trained, 4) },
    };

    // One that stays below the length, one that reaches it, three that outgrow it on the way, one that begins beyond.
    private static readonly GenerationRequest[] Requests =
        [.. new[] { 2, 4, 9, 23, 24, 30 }.Select((length, i) =>
            new GenerationRequest([.. Enumerable.Range(1, length).Select(id => id % 29)], [(ulong)i, (ulong)i + 50], []))];

    private static readonly SamplingRecipe Sampling = new() { MaxNewTokens = 20, Temperature = 0.8 };

    /// <summary>Each token is drawn as a pass over the whole sequence before it would have it.</summary>
    [Fact]
    public void Generate_AcrossTheLengthTrained_DrawsAsAFreshPassWould()
    {
        using var model = TestModels.Create(Config);
        foreach (var generator in TestModels.Generators(model).Append(new TorchGenerator(model, maxRows: 3)))
        {
            using var _ = generator;
            using var scope = NewDisposeScope();
            using var __ = no_grad();
            foreach (var (request, results) in Requests.Zip(generator.Generate(Requests, Sampling)))
            {
                foreach (var result in results)
                {
                    result.Tokens.Length.ShouldBe(20);
                    for (var t = 0; t < result.Tokens.Length; t++)
                    {
                        long[] before = [.. request.Prompt.Concat(result.Tokens[..t]).Select(id => (long)id)];
                        var expected = model.forward(tensor(before, [1, before.Length]))[0, before.Length - 1].log_softmax(-1);
                        result.PolicyLogProbs[t]
                            .ShouldBe(expected[result.Tokens[t]].item<float>(), 1e-4f, $"{before.Length} tokens before");
                    }
                }
            }
        }
    }

    [Fact]
    public void Generate_Simd_IsBitwiseIndependentOfBatchAndThreads()
    {
        using var model = TestModels.Create(Config);
        using var one = new SimdDecoder(model, threads: 1);
        using var three = new SimdDecoder(model, threads: 3);
        var together = one.Generate(Requests, Sampling);
        var spread = three.Generate([.. Requests.Reverse()], Sampling);
        for (var r = 0; r < Requests.Length; r++)
        {
            for (var s = 0; s < 2; s++) together[r][s].PolicyLogProbs.ShouldBe(spread[Requests.Length - 1 - r][s].PolicyLogProbs);
        }
    }

    /// <summary>Whose frequencies a token has is its own sequence's matter, however it is packed.</summary>
    [Fact]
    public void TokenLogProbs_SequencesOfEitherKindTogether_AreThoseAlone()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = TestModels.Create(Config);
        var sequences = new[] { 5, Trained - 1, Trained, Trained + 1, Trained + 2, 60 }
            .Select(length => new TokenSequence([.. Enumerable.Range(0, length).Select(i => (i * 7) % 29)], 1)).ToArray();
        foreach (var slack in new[] { 0, 2, 1000 })
        {
            using var batch = TokenBatch.Create(sequences, CPU, slack);
            var scores = model.TokenLogProbs(batch).LogProbs;
            foreach (var (row, sequence) in sequences.Index())
            {
                var logits = model.forward(tensor(sequence.Ids.Select(id => (long)id).ToArray(), [1, sequence.Ids.Length]))[0];
                var targets = tensor(sequence.Ids.Skip(1).Select(id => (long)id).ToArray()).unsqueeze(1);
                var expected = logits.narrow(0, 0, sequence.Scored).log_softmax(-1).gather(1, targets).squeeze(1);
                (scores[row].narrow(0, 0, sequence.Scored) - expected).abs().max().item<float>().ShouldBeLessThan(1e-4f);
            }
        }
    }
}

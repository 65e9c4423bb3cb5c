using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Models;

/// <summary>
/// Every way of computing the same logits, at random shapes: whole, padded, packed, in chunks, from the cache, by the vector kernels.
/// </summary>
public sealed class RandomShapeTests
{
    private const float Near = 3e-4f;

    public static TheoryData<string, int> Cases => RandomShapes.Cases;

    [Theory, MemberData(nameof(Cases))]
    public void Forward_PaddedAloneOrFromTheCache_IsTheSame(string architecture, int seed)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var config = RandomShapes.Config(architecture, seed);
        using var model = RandomShapes.Model(config, seed);
        var sequences = Sequences(config, seed);
        var width = sequences.Max(sequence => sequence.Length);
        var ids = Padded(sequences, width);
        var logits = model.forward(ids);
        foreach (var (row, sequence) in sequences.Index())
        {
            Deviation(logits[row].narrow(0, 0, sequence.Length),
                model.forward(ids.narrow(0, row, 1).narrow(1, 0, sequence.Length)).squeeze(0)).ShouldBeLessThan(Near, $"row {row} alone");
        }

        // Each row's prompt is read at once, the rest token by token, every row at a place of its own.
        var random = new Random(seed);
        var places = sequences.Select(sequence => random.Next(1, sequence.Length + 1)).ToArray();
        using var cache = model.CreateCache(sequences.Length, (2 * width) + 1);
        var prefix = places.Max();
        var states = model.Prefill(ids.narrow(1, 0, prefix), cache);
        for (var row = 0; row < sequences.Length; row++)
        {
            Deviation(model.Project(states.narrow(0, (row * prefix) + places[row] - 1, 1)).squeeze(0), logits[row, places[row] - 1])
                .ShouldBeLessThan(Near, $"row {row} behind its prompt");
        }
        for (var step = 0; places.Zip(sequences).Any(pair => pair.First < pair.Second.Length); step++)
        {
            var next = sequences.Zip(places).Select(pair => pair.Second < pair.First.Length ? (long)pair.First[pair.Second] : 0).ToArray();
            var hidden = model.Step(tensor(next), tensor(places.Select(place => (long)place).ToArray()), places.Max() + 1, cache);
            for (var row = 0; row < sequences.Length; row++, places[row - 1]++)
            {
                if (places[row] < sequences[row].Length)
                    Deviation(model.Project(hidden.narrow(0, row, 1)).squeeze(0), logits[row, places[row]])
                    .ShouldBeLessThan(Near, $"row {row} at {places[row]}");
            }
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void TokenLogProbs_PackedPaddedOrInChunks_IsTheSameAsTheLogits(string architecture, int seed)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var config = RandomShapes.Config(architecture, seed);
        using var model = RandomShapes.Model(config, seed);
        var sequences = Sequences(config, seed).Where(sequence => sequence.Length > 1).ToArray();
        var random = new Random(seed);
        var tokens = sequences.Select(sequence => new TokenSequence(sequence, random.Next(1, sequence.Length))).ToArray();
        var logProbs = model.forward(Padded(sequences, sequences.Max(sequence => sequence.Length))).log_softmax(-1);
        foreach (var (slack, chunk) in new[] { (0, 0), (3, 1), (1000, 7), (0, 64) })
        {
            using var batch = TokenBatch.Create(tokens, CPU, slack);
            var scores = model.TokenLogProbs(batch, chunk: chunk).LogProbs;
            foreach (var (row, sequence) in tokens.Index())
            {
                var first = sequence.Ids.Length - sequence.Scored;
                for (var t = 0; t < sequence.Scored; t++)
                {
                    scores[row, t].item<float>()
                        .ShouldBe(logProbs[row, first + t - 1, sequence.Ids[first + t]].item<float>(), Near,
                            $"slack {slack}, chunk {chunk}, row {row} at {t}");
                }
            }
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Generate_EveryGenerator_RecordsWhatTheTrainerComputes(string architecture, int seed)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var config = RandomShapes.Config(architecture, seed);
        using var model = RandomShapes.Model(config, seed);
        // Prompts around the 64 positions that the vector kernels take at once.
        var random = new Random(seed);
        GenerationRequest[] requests =
            [.. new[] { 1, 5, 63, 64, 65 }
                .Select((length, i) =>
                    new GenerationRequest([.. Enumerable.Range(0, length).Select(_ => random.Next(config.VocabularySize))],
                        [.. Enumerable.Range(0, 1 + (i % 3)).Select(s => (ulong)((i * 10) + s))], []))];
        var sampling = new SamplingRecipe { MaxNewTokens = 10, Temperature = 0.7, TopP = 0.95 };
        foreach (var generator in TestModels.Generators(model))
        {
            using var __ = generator;
            var results = generator.Generate(requests, sampling);
            var flat = requests.SelectMany((request, r) => results[r].Select(result => (request.Prompt, Result: result))).ToArray();
            flat.ShouldAllBe(item => item.Result.Tokens.Length == 10);
            using var batch =
                TokenBatch.Create([.. flat.Select(item => new TokenSequence([.. item.Prompt, .. item.Result.Tokens], item.Prompt.Length))],
                    CPU);
            Deviation(model.TokenLogProbs(batch).LogProbs, batch.Lay([.. flat.Select(item => item.Result.PolicyLogProbs)]))
                .ShouldBeLessThan(Near, generator.GetType().Name);
        }
    }

    private static int[][] Sequences(ModelConfig config, int seed)
    {
        var random = new Random(seed + 1000);
        return [.. new[] { 1, 2, random.Next(3, 30), random.Next(3, 30), 70 }
            .Select(length => Enumerable.Range(0, length).Select(_ => random.Next(config.VocabularySize)).ToArray())];
    }

    private static Tensor Padded(int[][] sequences, int width) =>
        tensor(sequences.SelectMany(sequence => sequence.Concat(Enumerable.Repeat(0, width - sequence.Length)).Select(id => (long)id))
            .ToArray(), [sequences.Length, width]);

    // Relative to the size of the largest number, where that is above 1.
    private static float Deviation(Tensor a, Tensor b) => (a - b).abs().max().item<float>() / Math.Max(1, b.abs().max().item<float>());
}

using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Jobs.Importing;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.GpuJob.Tests.Jobs;
using R1Cloud.GpuJob.Tests.Strangers;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Storage;
using R1Cloud.Tokenizers;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Generation;

/// <summary>A model may have more rows than its tokenizer has tokens: ids of no token are neither drawn nor counted.</summary>
public sealed class UnusedIdsTests : IDisposable
{
    private static readonly int[] Unused = [0, 7, 20, 21, 22, 27, 28];

    private readonly JobRunner jobs = new();

    public void Dispose() => jobs.Dispose();

    [Theory]
    [InlineData(0, 1, 0, 0)]
    [InlineData(2, 1, 0, 0)]
    [InlineData(2, 0.9, 0, 0)]
    [InlineData(2, 1, 12, 0)]
    [InlineData(2, 1, 0, 0.02)]
    public void Generate_AnySampling_DrawsTokensOnlyAndAgreesWithTheTrainer(double temperature, double topP, int topK, double minP)
    {
        using var scope = NewDisposeScope();
        using var model = TestModels.Create(TestModels.Config() with { InitializerRange = 0.3 });
        model.LeaveOut(Unused);
        var sampling = new SamplingRecipe { Temperature = temperature, TopP = topP, TopK = topK, MinP = minP, MaxNewTokens = 24 };
        GenerationRequest[] requests = [new([1, 2, 3], [.. Enumerable.Range(0, 16).Select(seed => (ulong)seed)], [])];
        int[][]? first = null;
        foreach (var generator in TestModels.Generators(model))
        {
            using var _ = generator;
            var results = generator.Generate(requests, sampling)[0];
            results.ShouldAllBe(result => !result.Tokens.Any(token => Unused.Contains(token)));
            results.Select(result => result.Tokens).ToArray().ShouldBe(first ??= [.. results.Select(result => result.Tokens)]);
            if (temperature == 0) continue;
            using var batch = TokenBatch.Create([.. results.Select(result => new TokenSequence([1, 2, 3, .. result.Tokens], 3))], CPU);
            using var __ = no_grad();
            var sampled = batch.Lay([.. results.Select(result => result.LogProbs)]);
            var policy = batch.Lay([.. results.Select(result => result.PolicyLogProbs)]);
            (model.TokenLogProbs(batch, sampling).LogProbs - sampled).abs().max().item<float>().ShouldBeLessThan(2e-4f);
            (model.TokenLogProbs(batch).LogProbs - policy).abs().max().item<float>().ShouldBeLessThan(2e-4f);
        }
    }

    /// <summary>As if the output projection had only the rows of tokens: values, entropy and gradients.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(0.7, 5)]
    public void TokenLogProbs_UnusedIds_AreThoseOfAModelWithoutThem(double temperature, int topK)
    {
        using var scope = NewDisposeScope();
        using var model = TestModels.Create(TestModels.Config(tied: false) with { InitializerRange = 0.3 });
        model.LeaveOut(Unused);
        var used = Enumerable.Range(0, 29).Except(Unused).ToArray();
        using var batch = TokenBatch.Create([new([1, 2, 3, 4, 5], 1), new([6, 8, 9], 1)], CPU);
        var sampling = new SamplingRecipe { Temperature = temperature, TopK = topK };
        var scores = model.TokenLogProbs(batch, sampling, chunk: 3);
        scores.LogProbs.sum().backward();

        using var reference = no_grad();
        var hidden = model.Hidden(batch.Layout).index_select(0, batch.Sources);
        var logits = hidden.matmul(model.HeadWeight.index_select(0, tensor(used.Select(id => (long)id).ToArray())).t()) / temperature;
        var targets = batch.Targets.data<long>().ToArray().Select(id => (long)Array.IndexOf(used, (int)id)).ToArray();
        if (topK > 0)
        {
            var dropped = TorchSampling.Dropped(logits, sampling)!;
            for (var i = 0; i < targets.Length; i++) dropped[i, targets[i]] = tensor(false);
            logits = logits.masked_fill(dropped, float.NegativeInfinity);
        }
        var logProbs = logits.log_softmax(-1);
        var expected = logProbs.gather(1, tensor(targets).unsqueeze(1)).squeeze(1);
        (scores.LogProbs - batch.Lay(expected)).abs().max().item<float>().ShouldBeLessThan(1e-5f);
        var entropy = -(logProbs.exp() * logProbs.masked_fill(logProbs.isneginf(), 0)).sum(-1);
        (scores.Entropy - batch.Lay(entropy)).abs().max().item<float>().ShouldBeLessThan(1e-5f);
        var gradient = model.HeadWeight.grad!;
        foreach (var id in Unused) gradient[id].abs().max().item<float>().ShouldBe(0, $"{id}");
        gradient.isfinite().all().item<bool>().ShouldBeTrue();
    }

    /// <summary>Nothing left out, nothing changed: the bits are those of a model that was never asked.</summary>
    [Fact]
    public void TokenLogProbs_EveryIdIsAToken_KeepsItsBits()
    {
        using var scope = NewDisposeScope();
        using var model = TestModels.Create(TestModels.Config());
        using var batch = TokenBatch.Create([new([1, 2, 3, 4, 5], 1)], CPU);
        using var _ = no_grad();
        var before = model.TokenLogProbs(batch).LogProbs;
        model.LeaveOut([]);
        model.UnusedMask.ShouldBeNull();
        model.TokenLogProbs(batch).LogProbs.bytes.SequenceEqual(before.bytes).ShouldBeTrue();
    }

    [Fact]
    public async Task Rollout_ModelWithMoreRowsThanTokens_SamplesTokensAndTrainsOnThem()
    {
        using var folder = await ImportAsync(rows: 320);
        var stage = Stage;
        var rollout = await jobs.RolloutAsync("base/", stage: stage);
        var rows = await ReadAsync(rollout);
        rows.SelectMany(row => row.Completion).ShouldAllBe(id => id < 259);
        var update =
            await jobs.UpdateAsync("base/", [rollout.Outputs["tokens"]], "rl/1/", stage: stage with { Loss = new() { KlWeight = 0.1 } },
                reference: "base/");
        update.Metrics["ratio/mean"].ShouldBe(1, 1e-3);
        update.Metrics["kl"].ShouldBe(0, 1e-4);
    }

    /// <summary>What another engine sampled may hold such ids.</summary>
    [Fact]
    public async Task Update_CompletionWithAnIdThatIsNoToken_IsRefused()
    {
        using var folder = await ImportAsync(rows: 320);
        var rows = await ReadAsync(await jobs.RolloutAsync("base/", stage: Stage));
        rows[5].Completion[0] = 300;
        var file = Path.GetTempFileName();
        RolloutFile.Write(file, rows);
        await jobs.Blobs.UploadAsync("other.safetensors", file);
        File.Delete(file);
        (await Should.ThrowAsync<BadInputException>(() => jobs.UpdateAsync("base/", ["other.safetensors"], "rl/1/", stage: Stage)))
            .Message.ShouldContain("has the id 300, which is no token");
    }

    [Fact]
    public void IdsWithoutToken_TokenizerWithGaps_AreAllOfThem()
    {
        using var folder = new StrangersFolder();
        folder.With("tokenizer.json",
            ("added_tokens", """[{ "id": 2, "content": "</s>", "special": true }, { "id": 262, "content": "<x>", "special": true }]"""));
        TokenizerLoader.Load(folder.Root).IdsWithoutToken(266).ShouldBe([259, 260, 261, 263, 264, 265]);
        ((ITokenizer)new SymbolTokenizer("0123")).IdsWithoutToken(14).ShouldBe([11, 12, 13]);
    }

    private static RlStage Stage =>
        JobRunner.Rl with { Rewards = new Dictionary<string, RewardRecipe> { ["length/overlong"] = new() },
            Sampling = new() { Temperature = 2, MaxNewTokens = 8 } };

    private async Task<StrangersFolder> ImportAsync(int rows)
    {
        var folder = new StrangersFolder(rows);
        await jobs.RunAsync(_ => new ImportHandler(),
            new ImportJob { Seed = 1, Stage = "m", Settings = new() { Path = folder.Root }, Checkpoint = "base/", Step = 0 });
        return folder;
    }

    private async Task<List<RolloutRow>> ReadAsync(JobOutcome rollout)
    {
        var folder = Directory.CreateTempSubdirectory("r1-rollout-");
        var file = SafePath.Join(folder.FullName, "rollout.safetensors");
        (await jobs.Blobs.TryDownloadAsync(rollout.Outputs["tokens"], file)).ShouldBeTrue();
        var rows = RolloutFile.Read(file.FullName);
        folder.Delete(recursive: true);
        return rows;
    }
}

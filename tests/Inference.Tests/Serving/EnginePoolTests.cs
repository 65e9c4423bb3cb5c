using System.Collections.Concurrent;
using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Serving;
using R1Cloud.Inference.Wire;
using R1Cloud.InferenceServers;
using R1Cloud.Shared;
using R1Cloud.Testing;
using TorchSharp;

namespace R1Cloud.Inference.Tests.Serving;

public sealed class EnginePoolTests : IDisposable
{
    private static readonly ServingOptions Quick = new()
    {
        StallLimit = TimeSpan.FromSeconds(2), WatchInterval = TimeSpan.FromMilliseconds(100), ReturnLimit = TimeSpan.FromMilliseconds(300),
        ReturnInterval = TimeSpan.FromMilliseconds(50),
    };

    private readonly TempFolder folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task HandOver_OfOtherWeights_IsProvenTensorByTensor()
    {
        var (first, second) = (WeightsFolders.Proven(folder, "UA"), WeightsFolders.Proven(folder, "UB"));
        await using var server = await StandInVllm.StartAsync(first);
        await using var pool = Engines.Pool(Quick, server.Address);

        var shown = (await pool.HandOverAsync(second, Cancellation)).Values.Single();

        server.Loaded.ShouldBe([second]);
        (shown.Type, shown.Unproven).ShouldBe(("float32", 0));
        shown.Proven.ShouldBe(27); // 6 a layer of 4, embedding, head, last norm
        shown.MeanDifference.ShouldBeLessThan(1e-5);
    }

    [Fact]
    public async Task HandOver_ToAnEngineInBfloat16_IsProvenInItsType()
    {
        var weights = WeightsFolders.Proven(folder, "UA");
        await using var server = await StandInVllm.StartAsync(weights, new() { Type = "bfloat16" });
        await using var pool = Engines.Pool(Quick, server.Address);

        var shown = (await pool.HandOverAsync(weights, Cancellation)).Values.Single();

        (shown.Type, shown.Proven).ShouldBe(("bfloat16", 27));
        shown.MeanDifference.ShouldBeInRange(1e-5, 0.01);
    }

    [Fact]
    public async Task HandOver_OfAFolderWithoutProof_IsRefusedBeforeAnythingIsAsked()
    {
        var weights = WeightsFolders.Copy(folder, "UA", "bare");
        await using var server = await StandInVllm.StartAsync(weights);
        await using var pool = Engines.Pool(Quick, server.Address);
        (await Should.ThrowAsync<BadInputException>(() => pool.HandOverAsync(weights, Cancellation))).Message.ShouldContain("proof.json");
        server.Loaded.ShouldBeEmpty();
    }

    [Fact]
    public async Task HandOver_WhereATensorIsMissing_IsFoundThoughTheServerSaysWell()
    {
        var (first, second) = (WeightsFolders.Proven(folder, "UA"), WeightsFolders.Proven(folder, "UB"));
        var missing = WeightsFolders.Changed(folder, second, "missing",
            (name, tensor) => name.Contains("layers.2.mlp.down", StringComparison.Ordinal) ? null : tensor);
        await using var server = await StandInVllm.StartAsync(first);
        await using var pool = Engines.Pool(Quick, server.Address);
        (await Should.ThrowAsync<EngineException>(() => pool.HandOverAsync(missing, Cancellation))).Message
            .ShouldContain("model.layers.2.mlp.down_proj.weight differs");
    }

    // Digests tell nothing of packed layers, and the old head's difference is small: the text's log-probabilities tell.
    [Fact]
    public async Task HandOver_WhereATiedHeadStaysOld_IsFoundByTheText()
    {
        var first = WeightsFolders.Proven(folder, "A");
        var second = Directory.CreateDirectory(folder["second"]).FullName;
        using (var model = R1Cloud.GpuJob.Models.CausalLm.Load(first, torch.CPU))
        {
            using var off = torch.no_grad();
            foreach (var (_, weight) in model.Weights) weight.mul_(1.05);
            model.Save(second);
            GpuJob.ModelFiles.ModelProof.Write(model, second, torch.ScalarType.Float32);
        }
        await using var server = await StandInVllm.StartAsync(first, new() { Faults = new() { StaleHead = true, PacksLayers = true } });
        await using var pool = Engines.Pool(Quick, server.Address);
        (await Should.ThrowAsync<EngineException>(() => pool.HandOverAsync(second, Cancellation))).Message
            .ShouldContain("does not sample with the folder's weights");
    }

    [Fact]
    public async Task HandOver_OfNumbersThatAreNone_SaysSo_AndGoodOnesAfterwardsDoNotHeal()
    {
        var good = WeightsFolders.Proven(folder, "UA");
        var bad = WeightsFolders.Changed(folder, good, "bad", (name, tensor) =>
            name == "model.layers.1.mlp.up_proj.weight" ? torch.full_like(tensor, float.NaN) : tensor);
        var proof = Proofs(bad);
        File.WriteAllText(Path.Combine(bad, "proof.json"), proof);
        await using var server = await StandInVllm.StartAsync(good);
        await using var pool = Engines.Pool(Quick, server.Address);
        await Should.ThrowAsync<EngineException>(() => pool.HandOverAsync(bad, Cancellation));
        (await Should.ThrowAsync<EngineException>(() => pool.HandOverAsync(good, Cancellation))).Message.ShouldContain("not finite");
    }

    // Digests of what the folder holds now, so that only the numbers can be wrong.
    private static string Proofs(string weights)
    {
        var proof = Inference.Proofs.WeightsProof.Read(weights);
        return System.Text.Json.JsonSerializer.Serialize(
            Inference.Proofs.WeightsProof.Of(weights, "float32", proof.Ids, proof.LogProbs), R1Json.Options);
    }

    [Fact]
    public async Task Sample_ByTwoServers_SpreadsRequests_AndEachSeedGivesItsOwnCompletion()
    {
        var weights = WeightsFolders.Proven(folder, "UA");
        await using var one = await StandInVllm.StartAsync(weights);
        await using var two = await StandInVllm.StartAsync(weights);
        await using var pool = Engines.Pool(Quick, one.Address, two.Address);
        await pool.HandOverAsync(weights, Cancellation);
        var (before, both) = (one.Finished + two.Finished, await SampleAsync(pool, 40));
        (one.Finished > 5 && two.Finished > 5).ShouldBeTrue($"{one.Finished} and {two.Finished}");
        (one.Finished + two.Finished - before).ShouldBe(40);

        await using var alone = Engines.Pool(Quick, one.Address);
        await alone.HandOverAsync(weights, Cancellation);
        var single = await SampleAsync(alone, 40);
        foreach (var (index, answer) in both)
        {
            single[index].Tokens.ShouldBe(answer.Tokens);
            answer.LogProbs.Length.ShouldBe(answer.Tokens.Length);
        }
        both.Values.Select(answer => string.Join(' ', answer.Tokens)).Distinct().Count().ShouldBeGreaterThan(10);
    }

    [Fact]
    public async Task Sample_WhereOneServerHangs_GivesItsRequestsToTheOther()
    {
        var weights = WeightsFolders.Proven(folder, "UA");
        await using var hanging = await StandInVllm.StartAsync(weights, new() { Faults = new() { HangsAfter = 4 } });
        await using var well = await StandInVllm.StartAsync(weights);
        await using var pool = Engines.Pool(Quick with { MostReturns = 0 }, hanging.Address, well.Address);
        await pool.HandOverAsync(weights, Cancellation);
        (await SampleAsync(pool, 30)).Count.ShouldBe(30);
    }

    // What is refused is never answered: those that wait for all answers must not wait for it.
    [Fact(Timeout = 1_800_000)]
    public async Task Sample_WhereOneOfManyIsRefused_EndsWithTheReason()
    {
        var weights = WeightsFolders.Proven(folder, "UA");
        await using var server = await StandInVllm.StartAsync(weights);
        await using var pool = Engines.Pool(Quick, server.Address);
        await pool.HandOverAsync(weights, TestContext.Current.CancellationToken);
        var requests = Enumerable.Range(0, 8).Select(i => Engines.Ask((ulong)i, last: i == 3 ? 24 : 19)).ToList();
        (await Should.ThrowAsync<BadInputException>(() => pool.SampleAsync(requests, (_, _) => { }, Cancellation))).Message
            .ShouldContain("The token id 24 is none of the model's; allowed is 0 to 23");
    }

    [Fact(Timeout = 1_800_000)]
    public async Task Sample_WhereAnAnswerIsNotTaken_EndsWithTheReason()
    {
        var weights = WeightsFolders.Proven(folder, "UA");
        await using var server = await StandInVllm.StartAsync(weights);
        await using var pool = Engines.Pool(Quick, server.Address);
        await pool.HandOverAsync(weights, TestContext.Current.CancellationToken);
        var requests = Enumerable.Range(0, 8).Select(i => Engines.Ask((ulong)i)).ToList();
        (await Should.ThrowAsync<BadInputException>(() => pool.SampleAsync(requests, (index, _) =>
        {
            if (index == 5) throw new BadInputException("an id without a token");
        }, Cancellation))).Message.ShouldBe("an id without a token");
    }

    // It may come back, and is waited for; what the others can do is done meanwhile.
    [Fact(Timeout = 1_800_000)]
    public async Task Sample_WhereAServerIsGone_DoesNotWaitForIt()
    {
        var weights = WeightsFolders.Proven(folder, "UA");
        await using var well = await StandInVllm.StartAsync(weights);
        await using var pool = Engines.Pool(Quick with { ReturnLimit = TimeSpan.FromMinutes(30) }, new("http://127.0.0.1:9"), well.Address);
        (await pool.HandOverAsync(weights, TestContext.Current.CancellationToken)).Keys.ShouldBe([well.Address.Authority]);
        (await SampleAsync(pool, 8)).Count.ShouldBe(8);
    }

    [Fact]
    public async Task Sample_WhereACompletionIsEndedHalfWay_AsksForItAgain()
    {
        var weights = WeightsFolders.Proven(folder, "UA");
        await using var server = await StandInVllm.StartAsync(weights, new() { Faults = new() { AbortsAfter = 6 } });
        await using var pool = Engines.Pool(Quick, server.Address);
        await pool.HandOverAsync(weights, Cancellation);
        var answers = await SampleAsync(pool, 12);
        foreach (var answer in answers.Values) (answer.Stopped ? answer.Tokens[^1] == 1 : answer.Tokens.Length == 12).ShouldBeTrue();
    }

    [Fact]
    public async Task Sample_WhereTheVersionDoesNotFollowTheWeights_IsRefused()
    {
        var weights = WeightsFolders.Proven(folder, "UA");
        await using var server = await StandInVllm.StartAsync(weights, new() { Faults = new() { KeepsVersion = true } });
        await using var pool = Engines.Pool(Quick, server.Address);
        await pool.HandOverAsync(weights, Cancellation);
        (await Should.ThrowAsync<EngineException>(() => SampleAsync(pool, 3))).Message.ShouldContain("asked for were r1-");
    }

    // A slow completion holds back none that has ended.
    [Fact]
    public async Task Sample_WhereSomeAreSlow_TellsTheOthersAtOnce()
    {
        var weights = WeightsFolders.Proven(folder, "UA");
        await using var server = await StandInVllm.StartAsync(weights, new() { Faults = new() { SlowMilliseconds = 3000 } });
        await using var pool = Engines.Pool(Quick with { StallLimit = TimeSpan.FromSeconds(60) }, server.Address);
        await pool.HandOverAsync(weights, Cancellation);
        var order = new ConcurrentQueue<int>();
        await pool.SampleAsync([.. Enumerable.Range(0, 10).Select(i => Engines.Ask((ulong)i, last: i == 0 ? 20 : 19))],
            (index, _) => order.Enqueue(index), Cancellation);
        order.Last().ShouldBe(0);
        order.Count.ShouldBe(10);
    }

    [Fact]
    public async Task Sample_OfMoreThanTheServerTakes_IsRefusedBeforeItIsAsked()
    {
        var weights = WeightsFolders.Proven(folder, "UA");
        await using var server = await StandInVllm.StartAsync(weights, new() { MaxLength = 80 });
        await using var pool = Engines.Pool(Quick, server.Address);
        await pool.HandOverAsync(weights, Cancellation);
        (await Should.ThrowAsync<BadInputException>(() => pool.SampleAsync([Engines.Ask(1, most: 90)], (_, _) => { }, Cancellation)))
            .Message.ShouldContain("the 80 that a server takes");
    }

    private static async Task<IReadOnlyDictionary<int, EngineAnswer>> SampleAsync(EnginePool pool, int count)
    {
        var answers = new ConcurrentDictionary<int, EngineAnswer>();
        await pool.SampleAsync([.. Enumerable.Range(0, count).Select(i => Engines.Ask((ulong)i))],
            (index, answer) => answers.TryAdd(index, answer).ShouldBeTrue(), Cancellation);
        answers.Count.ShouldBe(count);
        return answers;
    }

    public void Dispose() => folder.Dispose();
}

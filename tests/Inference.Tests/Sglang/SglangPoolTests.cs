using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.Inference.Processes;
using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Serving;
using R1Cloud.Inference.Sglang;
using R1Cloud.Inference.Wire;
using R1Cloud.InferenceServers.Sglang;
using R1Cloud.Shared;
using R1Cloud.Testing;

namespace R1Cloud.Inference.Tests.Sglang;

/// <summary>Weights handed to servers as SGLang's, and completions sampled by them.</summary>
public sealed class SglangPoolTests(SglangModels models) : IClassFixture<SglangModels>, IDisposable
{
    private static readonly ServingOptions Quick = new()
    {
        StallLimit = TimeSpan.FromSeconds(2), WatchInterval = TimeSpan.FromMilliseconds(100), ReturnLimit = TimeSpan.FromMilliseconds(300),
        ReturnInterval = TimeSpan.FromMilliseconds(50),
    };

    private readonly TempFolder folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task HandOver_OfOtherWeights_IsProvenByNumbersAndByWhatChanged()
    {
        await using var server = await StandInSglang.StartAsync(models["a"]);
        await using var pool = Pool(server);

        var first = (await pool.HandOverAsync(models["a"], Cancellation)).Values.Single();
        var second = (await pool.HandOverAsync(models["b"], Cancellation)).Values.Single();

        server.Loaded.ShouldBe([models["a"], models["b"]]);
        (first.Type, first.Proven, first.ByNumbers, first.ByChange).ShouldBe(("float32", 0, 47, 0)); // 9 a layer of 5, embedding, last norm
        (second.ByNumbers, second.ByChange).ShouldBe((47, 32)); // of stacked ones 6 a layer
        second.MeanDifference.ShouldBeLessThan(1e-5);
    }

    [Fact]
    public async Task HandOver_ToAnEngineInBfloat16_IsProvenInItsType()
    {
        await using var server = await StandInSglang.StartAsync(models["a"], new() { Type = "bfloat16" });
        await using var pool = Pool(server);
        var shown = (await pool.HandOverAsync(models["b"], Cancellation)).Values.Single();
        (shown.Type, shown.ByNumbers).ShouldBe(("bfloat16", 47));
        shown.MeanDifference.ShouldBeInRange(1e-6, 0.01);
    }

    // A tensor that is missing in the files stays as it was, and the answer says success.
    [Fact]
    public async Task HandOver_WhereATensorStaysOld_IsRefused()
    {
        await using var server = await StandInSglang.StartAsync(models["a"]);
        await using var pool = Pool(server);
        await pool.HandOverAsync(models["a"], Cancellation);
        var missing = WeightsFolders.Changed(folder, models["b"], "missing",
            (name, tensor) => name.StartsWith("model.layers.2.self_attn.", StringComparison.Ordinal) ? null : tensor);
        var error = await Should.ThrowAsync<EngineException>(() => pool.HandOverAsync(missing, Cancellation));
        error.Message.ShouldContain("model.layers.2.self_attn.");
        error.Message.ShouldContain("is what it was before the hand-over");
    }

    [Theory]
    [InlineData("bad")] // another shape
    [InlineData("atrunc")] // a torn file
    public async Task HandOver_OfADamagedFolder_IsRefused(string name)
    {
        await using var server = await StandInSglang.StartAsync(models["a"]);
        await using var pool = Pool(server);
        // Looked at here, or it ends the server.
        await Should.ThrowAsync<Exception>(() => pool.HandOverAsync(models[name], Cancellation));
    }

    [Fact]
    public async Task HandOver_OfNumbersThatAreNone_IsRefusedAndGoodOnesHealIt()
    {
        await using var server = await StandInSglang.StartAsync(models["a"]);
        await using var pool = Pool(server);
        await Should.ThrowAsync<EngineException>(() => pool.HandOverAsync(models["anan"], Cancellation));
        (await pool.HandOverAsync(models["b"], Cancellation)).Count.ShouldBe(1);
    }

    // Its weights are the right ones; what it makes of them is not.
    [Fact]
    public async Task HandOver_ToABiasedServer_IsRefusedByTheText()
    {
        await using var server = await StandInSglang.StartAsync(models["a"], new() { Faults = new() { ScoreBias = 0.3f } });
        await using var pool = Pool(server);
        (await Should.ThrowAsync<EngineException>(() => pool.HandOverAsync(models["b"], Cancellation))).Message
            .ShouldContain("differ by 0.3");
    }

    [Fact]
    public async Task HandOver_ToServersOfOneStream_TakesOneOfThem()
    {
        await using var first = await StandInSglang.StartAsync(models["a"], new() { Seed = 3 });
        await using var second = await StandInSglang.StartAsync(models["a"], new() { Seed = 3 });
        await using var other = await StandInSglang.StartAsync(models["a"], new() { Seed = 4 });
        await using var pool = Pool(first, second, other);
        var shown = await pool.HandOverAsync(models["b"], Cancellation);
        shown.Keys.ShouldBe([first.Address.Authority, other.Address.Authority], ignoreOrder: true);
    }

    [Fact]
    public async Task HandOver_ToAServerOfReplicas_IsRefused()
    {
        await using var server = await StandInSglang.StartAsync(models["a"], new() { Replicas = 2 });
        await using var pool = Pool(server);
        (await Should.ThrowAsync<EngineException>(() => pool.HandOverAsync(models["b"], Cancellation))).Message.ShouldContain("--dp-size");
    }

    [Fact]
    public async Task HandOver_ToAServerOfTwoKeys_TakesThemBoth()
    {
        await using var server = await StandInSglang.StartAsync(models["a"], new() { Key = "k1", ControlKey = "adm" });
        await using var pool = Engines.PoolOf(address => Engines.Sglang(address, "k1", "adm"), Quick, server.Address);
        (await pool.HandOverAsync(models["b"], Cancellation)).Count.ShouldBe(1);
        (await SampleAsync(pool, 2)).Count.ShouldBe(2);
        await using var wrong = Engines.PoolOf(address => Engines.Sglang(address, "k1"), Quick, server.Address);
        (await Should.ThrowAsync<EngineException>(() => wrong.HandOverAsync(models["a"], Cancellation))).Message.ShouldContain("401");
    }

    [Fact]
    public async Task Sample_OfManySeeds_GivesFinishedCompletions()
    {
        await using var server = await StandInSglang.StartAsync(models["a"]);
        await using var pool = Pool(server);
        await pool.HandOverAsync(models["b"], Cancellation);
        var answers = await SampleAsync(pool, 24);
        foreach (var answer in answers.Values)
        {
            answer.LogProbs.ShouldBe(answer.PlainLogProbs);
            answer.LogProbs.Length.ShouldBe(answer.Tokens.Length);
        }
        answers.Values.Select(answer => string.Join(' ', answer.Tokens)).Distinct().Count().ShouldBeGreaterThan(20);
        pool.HeedsSeeds.ShouldBeFalse();
    }

    // An id beyond the vocabulary ends the server's process: it must not hear of it.
    [Theory]
    [InlineData(512)]
    [InlineData(-1)]
    public async Task Sample_OfAnIdThatIsNone_LeavesTheServerAlive(int id)
    {
        await using var server = await StandInSglang.StartAsync(models["a"]);
        await using var pool = Pool(server);
        await pool.HandOverAsync(models["b"], Cancellation);
        (await Should.ThrowAsync<BadInputException>(() => pool.SampleAsync([Engines.Ask(1, last: id)], (_, _) => { }, Cancellation)))
            .Message.ShouldContain($"The token id {id} is none of the model's; allowed is 0 to 511");
        (await SampleAsync(pool, 2)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Sample_OfAPromptThatIsTooLong_IsRefusedBeforeItIsAsked()
    {
        await using var server = await StandInSglang.StartAsync(models["a"]);
        await using var pool = Pool(server);
        await pool.HandOverAsync(models["b"], Cancellation);
        var request = new EngineRequest([.. Enumerable.Repeat(5, 250)], 1, 2, []);
        (await Should.ThrowAsync<BadInputException>(() => pool.SampleAsync([request], (_, _) => { }, Cancellation)))
            .Message.ShouldContain("longer than the 249 that a server takes");
    }

    [Theory]
    [InlineData(0.7, 0, 1.0, true, false)] // after the temperature
    [InlineData(1.0, 5, 1.0, true, true)] // of what was left, and before
    [InlineData(1.0, 0, 0.9, false, true)] // of what was left it does not tell
    [InlineData(0.7, 0, 0.9, false, false)]
    [InlineData(0.0, 0, 1.0, true, true)]
    public async Task Sample_WithFilters_TellsOnlyWhatTheServerTells(double temperature, int topK, double topP, bool drawn, bool plain)
    {
        await using var server = await StandInSglang.StartAsync(models["a"]);
        using var engine = Engines.Sglang(server.Address);
        var answer = await engine.SampleAsync(Engines.Ask(1) with { Temperature = temperature, TopK = topK, TopP = topP }, Cancellation);
        (answer.LogProbs.All(float.IsFinite), answer.PlainLogProbs.All(float.IsFinite)).ShouldBe((drawn, plain));
    }

    [Fact]
    public async Task Sample_WhereACompletionIsEndedHalfWay_AsksForItAgain()
    {
        await using var server = await StandInSglang.StartAsync(models["a"], new() { Faults = new() { AbortsAfter = 6 } });
        await using var pool = Pool(server);
        await pool.HandOverAsync(models["b"], Cancellation);
        foreach (var answer in (await SampleAsync(pool, 12)).Values)
            (answer.Stopped ? answer.Tokens[^1] == 1 : answer.Tokens.Length == 12).ShouldBeTrue();
    }

    [Fact]
    public async Task Sample_WhereTheVersionDoesNotFollowTheWeights_IsRefused()
    {
        await using var server = await StandInSglang.StartAsync(models["a"], new() { Faults = new() { KeepsVersion = true } });
        await using var pool = Pool(server);
        await pool.HandOverAsync(models["b"], Cancellation);
        (await Should.ThrowAsync<EngineException>(() => SampleAsync(pool, 3))).Message.ShouldContain("asked for were r1-");
    }

    [Fact]
    public async Task Sample_WhereOneServerHangs_GivesItsRequestsToTheOther()
    {
        await using var hanging = await StandInSglang.StartAsync(models["a"], new() { Seed = 1, Faults = new() { HangsAfter = 4 } });
        await using var well = await StandInSglang.StartAsync(models["a"], new() { Seed = 2 });
        await using var pool = Engines.PoolOf(address => Engines.Sglang(address), Quick with { MostReturns = 0 }, hanging.Address,
            well.Address);
        await pool.HandOverAsync(models["b"], Cancellation);
        (await SampleAsync(pool, 30)).Count.ShouldBe(30);
    }

    [Fact]
    public async Task Sample_ByAnEngineThatDiesInTheMidst_StartsItAnew()
    {
        var script = folder["sglang"];
        await File.WriteAllTextAsync(script, $$"""
            #!/bin/sh
            R1_STANDIN_FAULTS='{"diesAfter":8}' exec dotnet {{Repository.Built("InferenceServers", "R1Cloud.InferenceServers.dll")}} "$@"
            """, Cancellation);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using var pool = new EnginePool([new StartedEngine(SglangLaunch.Of(script, [], "float32", null),
            (address, key) => Engines.Sglang(address, key), new(), TimeProvider.System, NullLogger.Instance)],
            new ServingOptions { Concurrency = 4 }, TimeProvider.System, NullLogger.Instance);
        await pool.HandOverAsync(models["b"], Cancellation);
        (await SampleAsync(pool, 12)).Count.ShouldBe(12);
    }

    private static EnginePool Pool(params StandInSglang[] servers) =>
        Engines.PoolOf(address => Engines.Sglang(address), Quick, [.. servers.Select(server => server.Address)]);

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

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.InferenceServers;
using R1Cloud.Testing;

namespace R1Cloud.Inference.Tests.Vllm;

/// <summary>
/// Holds the stand-in to the recordings of the real server: the same statuses, the same fields, and where no draw decides, the same values.
/// </summary>
public sealed class VllmReplayTests
{
    // Names that are new in every answer, or that are the recorded machine's.
    private static readonly string[] Free = ["request_id", "created", "root", "id", "decoded_token"];

    [Theory]
    [InlineData("basics/01-health")]
    [InlineData("basics/02-version")]
    [InlineData("basics/03-models")]
    [InlineData("basics/32-error-no-route")]
    [InlineData("basics/37-generate-error-too-long")]
    [InlineData("basics/38-generate-error-bad-id")]
    [InlineData("basics/42-is-sleeping")]
    [InlineData("basics/43-sleep")]
    [InlineData("basics/45-wake-up")]
    [InlineData("basics/46-pause-keep")]
    [InlineData("basics/48-resume")]
    [InlineData("basics/49-weight-info")]
    [InlineData("basics/50-update-weight-version")]
    [InlineData("basics/52-weight-checksum")]
    [InlineData("basics/55-reset-prefix-cache")]
    [InlineData("weights/11-rpc-unknown")]
    public async Task Answer_ThatNoDrawDecides_IsTheRecordedOne(string name)
    {
        var recorded = Read(name);
        await using var server = await StandInVllm.StartAsync(Fixtures.Shared($"{VllmRecording.Root}/models/A"),
            new() { Faults = new() { PacksLayers = true } });
        var (status, body) = await AskAsync(server.Address, recorded["request"]!);
        status.ShouldBe((int)recorded["response"]!["status"]!);
        Compare(recorded["response"]!["body"], body, values: true, name);
    }

    [Theory]
    [InlineData("basics/34-generate")]
    [InlineData("basics/35-generate-no-model")]
    [InlineData("basics/36-generate-n2")]
    [InlineData("basics/39-generate-error-field")]
    [InlineData("sampling/03-generate-long")]
    [InlineData("sampling/04-generate-top")]
    [InlineData("sampling/08-generate-prompt-logprobs")]
    [InlineData("sampling/09-generate-request-id")]
    public async Task Completion_OfAnyDraw_HasTheRecordedFields(string name)
    {
        var recorded = Read(name);
        await using var server = await StandInVllm.StartAsync(Fixtures.Shared($"{VllmRecording.Root}/models/A"));
        var (status, body) = await AskAsync(server.Address, recorded["request"]!);
        status.ShouldBe(200);
        Compare(recorded["response"]!["body"], body, values: false, name);
    }

    // What the real server gave to the tokens that it drew at temperature 1, the stand-in gives to them when it is asked to score them.
    [Theory]
    [InlineData("A", "basics/34-generate")]
    [InlineData("A", "basics/54-generate-after-version")]
    public async Task LogProbs_OfRecordedTokens_AreTheRecordedOnes(string model, string name)
    {
        var recorded = Read(name);
        await using var server = await StandInVllm.StartAsync(Fixtures.Shared($"{VllmRecording.Root}/models/{model}"));
        var prompt = recorded["request"]!["body"]!["token_ids"]!.AsArray().Select(id => (int)id!).ToList();
        var choice = recorded["response"]!["body"]!["choices"]![0]!;
        var drawn = choice["token_ids"]!.AsArray().Select(id => (int)id!).ToList();
        using var engine = Engines.Vllm(server.Address);
        var scores = await engine.ScoreAsync([.. prompt, .. drawn], TestContext.Current.CancellationToken);
        for (var i = 0; i < drawn.Count; i++)
            scores[prompt.Count - 1 + i].ShouldBe((float)choice["logprobs"]!["content"]![i]!["logprob"]!, tolerance: 1e-5f);
    }

    [Fact]
    public async Task PromptLogProbs_AreTheRecordedValues()
    {
        var recorded = Read("sampling/08-generate-prompt-logprobs");
        await using var server = await StandInVllm.StartAsync(Fixtures.Shared($"{VllmRecording.Root}/models/A"));
        var (_, body) = await AskAsync(server.Address, recorded["request"]!);
        Compare(recorded["response"]!["body"]!["prompt_logprobs"], body!["prompt_logprobs"], values: true, "prompt_logprobs");
    }

    // The probe of the other weights after a reload: what the recorded server gave to its tokens.
    [Fact]
    public async Task Reload_OfAnUntiedModel_GivesTheNewModelsValues()
    {
        await using var server = await StandInVllm.StartAsync(Fixtures.Shared($"{VllmRecording.Root}/models/UA"));
        using var engine = Engines.Vllm(server.Address);
        var cancellation = TestContext.Current.CancellationToken;
        int[] text = [2, 8, 9, 17, 14, 19, 23, 8, 9, 11, 1];
        var before = await engine.ScoreAsync(text, cancellation);
        await engine.LoadWeightsAsync(Fixtures.Shared($"{VllmRecording.Root}/models/UB"), "UB", cancellation);
        await using var other = await StandInVllm.StartAsync(Fixtures.Shared($"{VllmRecording.Root}/models/UB"));
        using var fresh = Engines.Vllm(other.Address);
        var after = await engine.ScoreAsync(text, cancellation);
        after.ShouldBe(await fresh.ScoreAsync(text, cancellation));
        after.ShouldNotBe(before);
        (await engine.WeightVersionAsync(cancellation)).ShouldBe("UB");
    }

    private static JsonNode Read(string name) =>
        JsonNode.Parse(File.ReadAllText(Fixtures.Shared($"{VllmRecording.Root}/{name}.json")))!;

    private static async Task<(int Status, JsonNode? Body)> AskAsync(Uri address, JsonNode request)
    {
        using var client = new HttpClient { BaseAddress = address };
        using var message = new HttpRequestMessage(new HttpMethod((string)request["method"]!), (string)request["path"]!);
        if (request["body"] is { } body)
            message.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await client.SendAsync(message, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType == "application/json" ? JsonNode.Parse(text)
            : JsonValue.Create(text));
    }

    // Fields in any order; of arrays, where values are free, the form of the first.
    private static void Compare(JsonNode? recorded, JsonNode? told, bool values, string at)
    {
        switch (recorded)
        {
            case JsonObject expected:
                var given = told.ShouldBeOfType<JsonObject>(at);
                if (!values && expected.All(entry => int.TryParse(entry.Key, out _)) && expected.Count > 0) return; // keyed by ids
                given.Select(entry => entry.Key).ShouldBe(expected.Select(entry => entry.Key), ignoreOrder: true, at);
                foreach (var (name, value) in expected) Compare(value, given[name], values && !Free.Contains(name), $"{at}.{name}");
                break;
            case JsonArray expected:
                var all = told.ShouldBeOfType<JsonArray>(at);
                if (values) all.Count.ShouldBe(expected.Count, at);
                for (var i = 0; i < Math.Min(expected.Count, all.Count); i++) Compare(expected[i], all[i], values, $"{at}[{i}]");
                break;
            case JsonValue expected when told is not null || values:
                if (!values) break;
                if (expected.GetValueKind() == JsonValueKind.Number)
                    ((double)told!).ShouldBe((double)expected, tolerance: 1e-4, at);
                else told!.ToJsonString().ShouldBe(expected.ToJsonString(), at);
                break;
            default:
                if (values) told.ShouldBeNull(at);
                break;
        }
    }
}

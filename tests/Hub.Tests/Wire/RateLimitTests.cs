using R1Cloud.Hub.Wire;

namespace R1Cloud.Hub.Tests.Wire;

public sealed class RateLimitTests
{
    [Theory]
    [InlineData("RateLimit", "\"api\";r=0;t=55", 55)]
    [InlineData("Retry-After", "17", 17)]
    [InlineData("RateLimit", "\"api\";r=12;t=55", 30)] // there is room: what then limits says nothing
    [InlineData("Retry-After", "Mon, 30 Nov 2026 08:00:00 GMT", 30)]
    public async Task Request_BeyondTheLimit_WaitsAsLongAsTheHubSays(string header, string value, int seconds)
    {
        await using var fixture = await HubFixture.StartAsync();
        fixture.Hub.Plan(new("/api/models/acme/tiny", "status")
        { Status = 429, Headers = new Dictionary<string, string> { [header] = value } });
        await fixture.FetchAsync(fixture.Client());
        fixture.Time.Waits.ShouldBe([TimeSpan.FromSeconds(seconds + 1.5)]); // and a second, and up to one more
    }

    [Fact]
    public async Task Request_BeyondTheLimitForEver_SaysSo()
    {
        await using var fixture = await HubFixture.StartAsync();
        fixture.Hub.Plan(new("/api/", "status")
        {
            Status = 429, Times = 99,
            Headers = new Dictionary<string, string> { ["RateLimit"] = "\"api\";r=0;t=300",
                ["RateLimit-Policy"] = "\"fixed window\";\"api\";q=500;w=300" },
        });
        var error = await Should.ThrowAsync<HubException>(() => fixture.FetchAsync(fixture.Client()));
        error.Problem.ShouldBe(HubProblem.RateLimited);
        error.Message.ShouldContain("q=500;w=300");
        error.Message.ShouldContain("with a token (HF_TOKEN) the limit is higher");
        fixture.Hub.Take().Count.ShouldBe(9);
    }

    [Fact]
    public async Task Limit_OfOneRequest_HoldsTheOthersBack()
    {
        await using var fixture = await HubFixture.StartAsync();
        var (waiting, over) = (new TaskCompletionSource(), new TaskCompletionSource());
        (fixture.Time.Begun, fixture.Time.Until) = (() => waiting.TrySetResult(), over.Task);
        fixture.Hub.Plan(new("/revision/v1.0", "status")
        { Status = 429, Headers = new Dictionary<string, string> { ["Retry-After"] = "5" } });
        var client = fixture.Client();
        var stop = TestContext.Current.CancellationToken;
        var limited = client.ResolveAsync(HubFixture.Tiny, "v1.0", stop);
        await waiting.Task;
        var others = Enumerable.Range(0, 4).Select(_ => client.ResolveAsync(HubFixture.Tiny, "exp/a", stop)).ToList();
        fixture.Hub.Take().Select(exchange => exchange.Status).ShouldBe([429]);
        others.ShouldAllBe(other => !other.IsCompleted);
        over.SetResult();
        await limited;
        await Task.WhenAll(others);
        fixture.Hub.Take().Select(exchange => exchange.Path).First().ShouldEndWith("/revision/v1.0",
            customMessage: "who was limited asks first");
        fixture.Time.Waits.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Request_ToAHubInTrouble_IsMadeAgain()
    {
        await using var fixture = await HubFixture.StartAsync();
        fixture.Hub.Plan(new("/tree/", "status") { Status = 503, Times = 2 });
        fixture.Hub.Plan(new("/resolve/", "status") { Status = 500 });
        fixture.Hub.Plan(new("/file/", "status") { Side = "CDN", Status = 429, Headers = new Dictionary<string,
            string> { ["Retry-After"] = "1" } });
        HubFixture.ShouldHoldFiles(await fixture.FetchAsync(fixture.Client()));
    }
}

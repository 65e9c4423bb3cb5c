using R1Cloud.Pipeline.Outbound;

namespace R1Cloud.Pipeline.Tests.Outbound;

public sealed class OutboundHttpTests
{
    [Fact]
    public async Task Send_ToThisMachine_GoesThereOnlyWhereItIsSaidToBePrivate()
    {
        await using var hook = await Hook.StartAsync();
        using var http = new OutboundHttp();
        foreach (var address in new[] { hook.Address, hook.Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, address);
            var error = await Should.ThrowAsync<HttpRequestException>(() => http.SendAsync(request, privateToo: false, default));
            error.Message.ShouldContain("no public address");
        }
        hook.Requests.ShouldBeEmpty();

        using var allowed = new HttpRequestMessage(HttpMethod.Post, hook.Address);
        using var answer = await http.SendAsync(allowed, privateToo: true, default);
        answer.IsSuccessStatusCode.ShouldBeTrue();
        hook.Requests.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Send_AnsweredWithARedirect_FollowsItNowhere()
    {
        await using var target = await Hook.StartAsync();
        await using var hook = await Hook.StartAsync();
        hook.Answer = (_, response) =>
        {
            response.Redirect(target.Address);
            return Task.CompletedTask;
        };
        using var http = new OutboundHttp();
        using var request = new HttpRequestMessage(HttpMethod.Get, hook.Address);
        using var answer = await http.SendAsync(request, privateToo: true, default);
        ((int)answer.StatusCode).ShouldBe(302);
        target.Requests.ShouldBeEmpty();
    }
}

using System.Text;
using System.Text.Json;

namespace R1Cloud.Pipeline.Tests.Api;

/// <summary>A request and what must come back. Every error must be Problem Details, whatever the host.</summary>
internal sealed record ApiCase(string Name, string Method, string Path, int Status)
{
    public string? Body { get; init; }
    public string? ContentType { get; init; } = "application/json";
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
    /// <summary>What the body must contain.</summary>
    public string[] Contains { get; init; } = [];
    /// <summary>What else must hold.</summary>
    public Action<HttpResponseMessage, string> Check { get; init; } = (_, _) => { };

    /// <summary>Sends the request and checks the response.</summary>
    public async Task RunAsync(HttpClient client)
    {
        using var request = new HttpRequestMessage(new(Method), Path);
        if (Body is not null || Method is not ("GET" or "HEAD"))
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body ?? ""));
            if (ContentType is not null) request.Content.Headers.TryAddWithoutValidation("Content-Type", ContentType);
        }
        foreach (var (name, value) in Headers) request.Headers.TryAddWithoutValidation(name, value);

        using var response = await client.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();

        ((int)response.StatusCode).ShouldBe(Status, body);
        if (Status >= 400) CheckProblem(response, body);
        foreach (var text in Contains) body.ShouldContain(text);
        Check(response, body);
    }

    private void CheckProblem(HttpResponseMessage response, string body)
    {
        response.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json");
        if (Method == "HEAD") return;
        var problem = JsonSerializer.Deserialize<JsonElement>(body);
        problem.GetProperty("status").GetInt32().ShouldBe(Status);
        problem.GetProperty("title").GetString().ShouldNotBeNullOrEmpty();
        problem.GetProperty("type").GetString().ShouldNotBeNullOrEmpty();
        problem.GetProperty("detail").GetString().ShouldNotBeNullOrEmpty();
    }
}

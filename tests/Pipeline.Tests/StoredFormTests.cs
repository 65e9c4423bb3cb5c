using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests;

/// <summary>What is kept in storage says in which form it is; programs of other versions meet it there.</summary>
public sealed class StoredFormTests : IDisposable
{
    private static readonly Dictionary<string, (object Value, Func<IBlobStore, string, Task<object?>> Read)> Records = new()
    {
        ["spec"] = Entry(new JobSpec { RunId = "r", JobId = "j", Payload = new NoopJob { Milliseconds = 3 } }),
        ["result"] = Entry(new JobResult { JobId = "j", Status = JobStatus.Failed, Attempt = "a", Error = new("E", "m") }),
        ["stage record"] = Entry(new StageRecord(Cursor: JsonSerializer.SerializeToElement(3))),
        ["generation"] = Entry(new RunGeneration(2, new Dictionary<string, int> { ["s"] = 1 }, DateTimeOffset.UnixEpoch)),
        ["run"] = Entry(new RunSpec("r", "n", JsonSerializer.SerializeToElement(new { name = "n" }), "h", DateTimeOffset.UnixEpoch)),
    };

    private readonly WatchedBlobStore blobs = new();

    public static TheoryData<string> Names => new(Records.Keys);

    public void Dispose() => blobs.Dispose();

    [Theory, MemberData(nameof(Names))]
    public async Task Record_Written_SaysItsForm(string name) => (await WriteAsync(name))["version"]!.GetValue<int>().ShouldBe(1);

    [Theory, MemberData(nameof(Names))]
    public async Task Record_WithoutAForm_IsOfTheFirst(string name)
    {
        var json = await WriteAsync(name);
        json.Remove("version");
        await blobs.WriteAsync("x", new(json.ToJsonString()));
        var back = await Records[name].Read(blobs, "x");
        JsonSerializer.Serialize(back, R1Json.Options).ShouldBe(JsonSerializer.Serialize(Records[name].Value, R1Json.Options));
    }

    [Theory, MemberData(nameof(Names))]
    public async Task Record_OfANewerForm_IsRefusedNamingBoth(string name)
    {
        var json = await WriteAsync(name);
        json["version"] = 12;
        await RefusedAsync(json);
        // In a newer form any field may mean something else.
        foreach (var field in json.Select(field => field.Key).Where(field => field != "version").ToList())
            json[field] = new JsonObject { ["other"] = 1 };
        await RefusedAsync(json);

        async Task RefusedAsync(JsonObject content)
        {
            await blobs.WriteAsync("x", new(content.ToJsonString()));
            var error = await Should.ThrowAsync<NewerFormException>(() => Records[name].Read(blobs, "x"));
            error.Message.ShouldContain("'x' is in form 12");
            error.Message.ShouldContain("up to form 1");
        }
    }

    private static (object, Func<IBlobStore, string, Task<object?>>) Entry<T>(T value)
        where T : class =>
        (value, async (store, path) => await store.TryReadJsonAsync<T>(path));

    private async Task<JsonObject> WriteAsync(string name)
    {
        await blobs.WriteAsync("x", new(JsonSerializer.SerializeToUtf8Bytes(Records[name].Value, R1Json.Options)));
        return JsonNode.Parse(await blobs.TryReadAsync("x"))!.AsObject();
    }
}

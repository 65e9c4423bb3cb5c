using R1Cloud.Hub.Cache;
using R1Cloud.Hub.Wire;
using R1Cloud.HubStandIn;
using R1Cloud.Testing;

namespace R1Cloud.Hub.Tests;

/// <summary>A stand-in with a few repositories, and clients of it.</summary>
internal sealed class HubFixture : IAsyncDisposable
{
    public static readonly HubRepository Tiny = new(HubKind.Model, "acme/tiny");

    private readonly TempFolder folder = new();
    private readonly List<HubHttp> opened = [];

    private HubFixture(StandInHub hub) => Hub = hub;

    public StandInHub Hub { get; }

    public VirtualTime Time { get; } = new();

    public string Home => folder.Path;

    public string CacheFolder => folder["hub"];

    /// <summary>The large file: of no whole number of blocks.</summary>
    public static byte[] Large { get; } = Bytes(3_000_017, 5);

    public static IReadOnlyDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]>
    {
        ["config.json"] = "{\"model_type\": \"llama\"}"u8.ToArray(), ["empty.txt"] = [], ["model.safetensors"] = Large,
        ["tokenizer/vocab.txt"] = "word\n"u8.ToArray(),
    };

    public string Commit { get; private set; } = "";

    public static async Task<HubFixture> StartAsync(int page = 1000, bool xet = false)
    {
        var fixture = new HubFixture(await StandInHub.StartAsync(page: page, xet: xet));
        var repository = new StandInRepository("models", "acme/tiny");
        fixture.Commit = repository.Refs["heads"]["main"] = repository.Commit(Files);
        repository.Refs["heads"]["exp/a"] = repository.Commit(new Dictionary<string, byte[]> { ["config.json"] = "{}"u8.ToArray() });
        repository.Refs["tags"]["v1.0"] = repository.Commit(new Dictionary<string, byte[]> { ["config.json"] = "[1]"u8.ToArray() });
        fixture.Hub.Add(repository);
        fixture.Hub.Add("models", "acme/gated", Files, gated: "manual");
        fixture.Hub.Add(new StandInRepository("models", "acme/old") { MovedTo = "acme/tiny" });
        var secret = new StandInRepository("models", "acme/secret") { IsPrivate = true };
        secret.Refs["heads"]["main"] = secret.Commit(Files);
        fixture.Hub.Add(secret);
        return fixture;
    }

    public HubClient Client(string? token = null, bool offline = false, bool plain = false, int readSeconds = 60, string? endpoint = null,
        string? cache = null, TimeProvider? clock = null) => new(Http(token, offline, plain, readSeconds, endpoint, cache, clock));

    public HubHttp Http(string? token = null, bool offline = false, bool plain = false, int readSeconds = 60, string? endpoint = null,
        string? cache = null, TimeProvider? clock = null)
    {
        var http = new HubHttp(new()
        {
            Endpoint = endpoint ?? Hub.Url, Token = token, TokenSources = "in HF_TOKEN", CacheFolder = cache ?? CacheFolder,
                IsOffline = offline,
            PlainFiles = plain, ReadTimeout = TimeSpan.FromSeconds(readSeconds), AskTimeout = TimeSpan.FromSeconds(60),
        }, new(clock ?? Time, () => 0.5));
        opened.Add(http);
        return http;
    }

    /// <summary>Resolves and fetches all of a model.</summary>
    public async Task<string> FetchAsync(HubClient client, HubRepository? repository = null, string? revision = null,
        CancellationToken cancellation = default)
    {
        repository ??= Tiny;
        var commit = await client.ResolveAsync(repository, revision, cancellation);
        return await client.FetchAsync(repository, commit, await client.FilesAsync(repository, commit, cancellation), null, cancellation);
    }

    public static void ShouldHoldFiles(string folder, IReadOnlyDictionary<string, byte[]>? files = null)
    {
        files ??= Files;
        Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file))
            .ShouldBe(files.Keys, ignoreOrder: true);
        foreach (var (name, content) in files) File.ReadAllBytes(Path.Combine(folder, name)).AsSpan().SequenceEqual(content)
            .ShouldBeTrue(name);
    }

    public static byte[] Bytes(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var http in opened) http.Dispose();
        await Hub.DisposeAsync();
        folder.Dispose();
    }
}

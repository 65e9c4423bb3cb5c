using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace R1Cloud.HubStandIn;

/// <summary>A fault that is planned for a request.</summary>
/// <param name="On">A pattern found in the address.</param>
/// <param name="Do"><c>status</c>, <c>cut</c>, <c>stall</c>, <c>ignore-range</c>, <c>flip</c>,
/// <c>lose</c> (it is done, and the answer lost) or <c>none</c>.</param>
public sealed record StandInFault(string On, string Do)
{
    public int Times { get; set; } = 1;

    public string? Method { get; init; }

    public string? Side { get; init; }

    /// <summary>The bytes that come before a cut or a stall.</summary>
    public int After { get; init; }

    /// <summary>Ends a stall.</summary>
    public Task Until { get; init; } = Task.CompletedTask;

    public int Status { get; init; } = 503;

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Runs when the fault is taken: a test's event.</summary>
    public Action? Taken { get; init; }
}

/// <summary>A request and its answer.</summary>
public sealed record StandInExchange(string Side, string Method, string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body,
    int Status)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name.ToLowerInvariant());

    public override string ToString() => $"{Side} {Method} {Path} {Status}{(Header("range") is { } range ? " " + range : "")}";
}

/// <summary>
/// A stand-in for the Hub, two servers on loopback ("HUB" and "CDN"), that answers as the real client's calls were recorded. It is the
/// recordings' own stand-in in C#; a test holds the one to the other.
/// </summary>
public sealed class StandInHub : IAsyncDisposable
{
    private readonly List<WebApplication> servers = [];
    private readonly List<StandInFault> faults = [];
    private readonly ConcurrentQueue<StandInExchange> log = new();

    private StandInHub(int page, bool xet, bool compress) => (Page, HasXet, Compresses) = (page, xet, compress);

    /// <summary>Tokens: user, whether it may write, whether it may read gated and private repositories.</summary>
    public static IReadOnlyDictionary<string, (string User, bool MayWrite, bool IsMember)> Tokens { get; } =
        new Dictionary<string, (string, bool, bool)>
        {
            ["hf_standin_write"] = ("alice", true, true), ["hf_standin_read"] = ("bob", false, false),
            ["hf_standin_member"] = ("carol", false, true),
        };

    public string Url { get; private set; } = "";

    public string Cdn { get; private set; } = "";

    public int Page { get; }

    public bool HasXet { get; }

    public bool Compresses { get; }

    /// <summary>Guards all below: whoever answers holds it while it looks or changes.</summary>
    public Lock Gate { get; } = new();

    public Dictionary<(string Kind, string Id), StandInRepository> Repositories { get; } = [];

    /// <summary>
    /// Contents above this many bytes are wanted in parts; null for none. The recordings have no such upload: this is after the
    /// documentation.
    /// </summary>
    public int? PartSize { get; init; }

    /// <summary>Parts that came, by content and number.</summary>
    public Dictionary<(string Sha256, int Number), byte[]> Parts { get; } = [];

    /// <summary>What the storage behind the Hub has, by SHA-256.</summary>
    public Dictionary<string, StandInBlob> Objects { get; } = [];

    /// <summary>Starts one.</summary>
    /// <param name="tree">A folder of repositories, <c>{models,datasets}/ORG/NAME</c>; null for none.</param>
    /// <param name="page">Entries of a tree in one answer.</param>
    /// <param name="xet">Whether Xet hashes are named.</param>
    /// <param name="partSize">See <see cref="PartSize"/>.</param>
    /// <param name="compress">Whether small texts are packed for whoever takes that.</param>
    public static async Task<StandInHub> StartAsync(string? tree = null, int page = 1000, bool xet = false, bool compress = true,
        int? partSize = null)
    {
        var hub = new StandInHub(page, xet, compress) { PartSize = partSize };
        foreach (var folder in (tree is null ? [] : Directory.GetDirectories(tree)).SelectMany(Directory.GetDirectories)
            .SelectMany(Directory.GetDirectories).Order(StringComparer.Ordinal))
        {
            var parts = Path.GetRelativePath(tree!, folder).Replace('\\', '/').Split('/');
            hub.Add(StandInRepository.Read(parts[0], $"{parts[1]}/{parts[2]}", folder));
        }
        hub.Url = await hub.ListenAsync("HUB");
        hub.Cdn = await hub.ListenAsync("CDN");
        return hub;
    }

    public void Add(StandInRepository repository)
    {
        lock (Gate)
        {
            Repositories[(repository.Kind, repository.Id)] = repository;
            foreach (var blob in repository.Commits.Values.SelectMany(files => files.Values).Where(blob =>
                blob.IsLfs)) Objects[blob.Sha256] = blob;
        }
    }

    /// <summary>Adds a repository of one branch.</summary>
    /// <returns>Its commit.</returns>
    public string Add(string kind, string id, IReadOnlyDictionary<string, byte[]> files, string? gated = null)
    {
        var repository = new StandInRepository(kind, id) { Gated = gated };
        var commit = repository.Refs["heads"]["main"] = repository.Commit(files);
        Add(repository);
        return commit;
    }

    public void Plan(StandInFault fault)
    {
        lock (Gate) faults.Add(fault);
    }

    /// <summary>Takes the planned faults back.</summary>
    public void Unplan()
    {
        lock (Gate) faults.Clear();
    }

    /// <summary>The exchanges since the last call.</summary>
    public IReadOnlyList<StandInExchange> Take()
    {
        var taken = new List<StandInExchange>();
        while (log.TryDequeue(out var exchange)) taken.Add(exchange);
        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in servers) await server.DisposeAsync();
    }

    internal void Record(StandInExchange exchange) => log.Enqueue(exchange);

    internal StandInFault? TakeFault(string side, string method, string path)
    {
        lock (Gate)
        {
            var fault = faults.FirstOrDefault(fault => fault.Times > 0 && Regex.IsMatch(path, fault.On)
                && (fault.Method ?? method) == method && (fault.Side ?? side) == side);
            if (fault is not null) fault.Times--;
            fault?.Taken?.Invoke();
            return fault;
        }
    }

    public static string Sign(string sha256, string expires) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"{sha256}{expires}secret")))[..16];

    internal string Signed(string verb, string sha256, int seconds)
    {
        var expires = (DateTimeOffset.UtcNow.ToUnixTimeSeconds() + seconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return $"{Cdn}/{verb}/{sha256}?Expires={expires}&Signature={Sign(sha256, expires)}";
    }

    private async Task<string> ListenAsync(string side)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = null;
            options.Limits.MinResponseDataRate = null;
            options.Listen(IPAddress.Loopback, 0);
        });
        var server = builder.Build();
        server.Run(context => new StandInAnswer(this, side, context).RunAsync());
        await server.StartAsync();
        servers.Add(server);
        return server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
    }
}

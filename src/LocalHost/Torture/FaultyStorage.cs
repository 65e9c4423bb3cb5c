using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using R1Cloud.LocalHost.Azurite;

namespace R1Cloud.LocalHost.Torture;

/// <summary>
/// Stands between a host with its workers and their storage, and does to some requests what networks and storage services do now and then.
/// </summary>
internal sealed class FaultyStorage : IAsyncDisposable
{
    // The share of the requests that something is done to.
    private const double UsualShare = 0.1;

    private readonly WebApplication app;
    private readonly HttpMessageInvoker storage = new(new SocketsHttpHandler
    {
        UseProxy = false, UseCookies = false, AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None,
    });
    private readonly ConcurrentDictionary<string, int> happened = new(StringComparer.Ordinal);
    private readonly Random random;
    private readonly IReadOnlyList<StorageFault> kinds;
    private readonly double share;
    private readonly string file;
    private int left;
    private int blobs;

    private FaultyStorage(string file, int faults, int seed, IReadOnlyList<StorageFault> kinds, double share)
    {
        (this.file, left, random, this.kinds, this.share) = (file, faults, new Random(seed), kinds, share);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.Limits.MaxRequestBodySize = null;
            (server.Limits.MinRequestBodyDataRate, server.Limits.MinResponseDataRate) = (null, null);
            server.Listen(IPAddress.Loopback, 0);
            server.Listen(IPAddress.Loopback, 0);
        });
        app = builder.Build();
        app.Run(PassAsync);
    }

    /// <summary>What leads a host here; see <see cref="StorageDetour"/>.</summary>
    public string Detour { get; private set; } = "";

    /// <summary>What has happened so far, and how often.</summary>
    public IReadOnlyDictionary<string, int> Happened => happened;

    /// <summary>Whether all has happened that was to.</summary>
    public bool IsSpent => Volatile.Read(ref left) <= 0;

    /// <summary>Requests that came by.</summary>
    public int Requests { get; private set; }

    /// <summary>Begins to listen.</summary>
    /// <param name="file">Where hosts tell where their storage is.</param>
    /// <param name="faults">How many faults are to happen; from then on everything passes.</param>
    /// <param name="seed">Decides which.</param>
    /// <param name="kinds">Of these kinds; of all when null.</param>
    /// <param name="share">The share of the requests that something is done to.</param>
    public static async Task<FaultyStorage> StartAsync(string file, int faults, int seed, IReadOnlyList<StorageFault>? kinds = null,
        double share = UsualShare)
    {
        var proxy = new FaultyStorage(file, faults, seed, kinds ?? StorageFault.All, share);
        await proxy.app.StartAsync();
        var ports = proxy.app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses
            .Select(address => new Uri(address).Port).ToList();
        proxy.blobs = ports[0];
        proxy.Detour = string.Create(CultureInfo.InvariantCulture, $"{ports[0]}:{ports[1]}:{file}");
        return proxy;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        storage.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        var owed = false;
        try
        {
            if (StorageDetour.Read(file) is not { } at)
            {
                context.Abort();
                return;
            }
            var request = await StorageRequest.ReadAsync(context, storage, context.Connection.LocalPort == blobs ? at.Blobs : at.Queues);
            if (Draw() is { } fault)
            {
                owed = true;
                if (await fault.Happens(request))
                {
                    owed = false;
                    happened.AddOrUpdate(fault.Name, 1, (_, count) => count + 1);
                }
                if (request.IsOver) return;
            }
            await request.AnswerAsync(await request.ForwardAsync());
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // Storage or whoever asked has gone: as without anybody between them.
            context.Abort();
        }
        finally
        {
            // It did not fit the request, or there was nobody left to do it to: another will happen in its place.
            if (owed) Interlocked.Increment(ref left);
        }
    }

    private StorageFault? Draw()
    {
        lock (random)
        {
            Requests++;
            if (left <= 0 || random.NextDouble() >= share) return null;
            left--;
            return kinds[random.Next(kinds.Count)];
        }
    }
}

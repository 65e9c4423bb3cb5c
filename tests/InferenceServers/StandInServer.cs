using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace R1Cloud.InferenceServers;

/// <summary>What stand-ins of all engines have: a port, a model, its turn, and what goes wrong.</summary>
public abstract class StandInServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly TaskCompletionSource never = new();
    private readonly List<string> loaded = [];
    private readonly StandInOptions options;
    private int finished;
    private long tokens;

    private protected StandInServer(string folder, StandInOptions options)
    {
        (Folder, this.options) = (folder, options);
        Model = new ServedModel(folder, options.Type, options.Faults);
        MaxLength = options.MaxLength ?? Model.Config.MaxPositions;
        Completions = new CompletionQueue(Model, turn);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{options.Port.ToString(CultureInfo.InvariantCulture)}");
        app = builder.Build();
        app.Run(AnswerAsync);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>Folders that were loaded.</summary>
    public IReadOnlyList<string> Loaded => loaded;

    /// <summary>Completions that were answered.</summary>
    public int Finished => finished;

    /// <summary>Ends when the server is stopped.</summary>
    public Task WaitAsync() => app.WaitForShutdownAsync();

    private protected ServedModel Model { get; }
    private protected CompletionQueue Completions { get; }
    private protected StandInFaults Faults => options.Faults;
    private protected string Folder { get; }
    private protected string Type => options.Type;
    private protected string Name => options.Name;
    private protected string? Key => options.Key;
    private protected int MaxLength { get; }
    private protected long Tokens => Interlocked.Read(ref tokens);

    /// <summary>Answers a request.</summary>
    protected abstract Task AnswerAsync(HttpContext context);

    private protected static async Task<T> BeginAsync<T>(T server)
        where T : StandInServer
    {
        await server.app.StartAsync();
        server.Address = new(server.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return server;
    }

    private protected void NoteLoaded(string path)
    {
        lock (loaded) loaded.Add(path);
    }

    private protected void Count(int drawn)
    {
        Interlocked.Add(ref tokens, drawn);
        Interlocked.Increment(ref finished);
    }

    /// <summary>Whether it answers nothing any more that needs the model.</summary>
    private protected bool Hangs => Faults.HangsAfter <= finished;

    private protected Task NeverAsync(CancellationToken cancellation) => never.Task.WaitAsync(cancellation);

    // What goes wrong before a completion.
    private protected async Task SufferAsync(int[] prompt, CancellationToken cancellation)
    {
        if (Faults.SlowMilliseconds > 0 && prompt[^1] % 2 == 0) await Task.Delay(Faults.SlowMilliseconds, cancellation);
        if (Hangs) await NeverAsync(cancellation);
        if (Faults.DiesAfter <= finished) Die();
    }

    private protected async Task<T> LockedAsync<T>(Func<T> work)
    {
        await turn.WaitAsync();
        try
        {
            return await Task.Run(work);
        }
        finally
        {
            turn.Release();
        }
    }

    // As the real one: what computes lives on, child of init, in the same process group.
    private static void Die()
    {
        using var child = Process.Start("sleep", "600");
        Environment.FailFast("the stand-in dies as it was told");
    }

    private protected static async Task EmptyAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        await context.Response.CompleteAsync();
    }

    private protected static async Task TextAsync(HttpContext context, string text, int status = 200,
        string? kind = "text/plain; version=1.0.0; charset=utf-8")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = kind;
        await context.Response.WriteAsync(text);
    }

    private protected static async Task WriteAsync(HttpContext context, int status, JsonNode? body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body?.ToJsonString() ?? "null", Encoding.UTF8);
    }

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        never.TrySetCanceled();
        await app.DisposeAsync();
        await Completions.DisposeAsync();
        Model.Dispose();
        turn.Dispose();
    }
}

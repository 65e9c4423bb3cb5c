using System.Net;
using Microsoft.AspNetCore.Http.Features;

namespace R1Cloud.LocalHost.Torture;

/// <summary>A request to storage on its way, and the answer that it would get.</summary>
internal sealed class StorageRequest
{
    private static readonly string[] OfTheConnection = ["Connection", "Keep-Alive", "Transfer-Encoding", "Host"];

    private readonly HttpContext context;
    private readonly HttpMessageInvoker storage;
    private readonly Uri target;

    private StorageRequest(HttpContext context, HttpMessageInvoker storage, Uri target, byte[] body) =>
        (this.context, this.storage, this.target, Body) = (context, storage, target, body);

    /// <summary>What it carries.</summary>
    public byte[] Body { get; }

    /// <summary>Whether who asked has an answer, or none any more.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Whether it puts a message on a queue.</summary>
    public bool PutsMessage => context.Request.Method == "POST" && IsOfMessages;

    /// <summary>Whether it takes messages from a queue, which are hidden from then on.</summary>
    public bool TakesMessages => context.Request.Method == "GET" && IsOfMessages && !context.Request.Query.ContainsKey("peekonly");

    private bool IsOfMessages => context.Request.Path.Value!.EndsWith("/messages", StringComparison.Ordinal);

    /// <summary>Reads one.</summary>
    /// <param name="context">Who asks.</param>
    /// <param name="storage">A client without manners of its own: no redirects, no decompression.</param>
    /// <param name="port">Where storage listens.</param>
    public static async Task<StorageRequest> ReadAsync(HttpContext context, HttpMessageInvoker storage, int port)
    {
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        // As it was sent, to the letter: the signature is over the path as it stands.
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return new(context, storage, new Uri($"http://127.0.0.1:{port}{target}",
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }), body.ToArray());
    }

    /// <summary>Has storage do it.</summary>
    public Task<StorageAnswer> ForwardAsync() => ForwardAsync(new ByteArrayContent(Body));

    /// <summary>Lets storage have the first half of it, then breaks off.</summary>
    public async Task ForwardHalfAsync()
    {
        try
        {
            await ForwardAsync(new HalfContent(Body));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // As it was meant.
        }
    }

    /// <summary>Gives an answer.</summary>
    public async Task AnswerAsync(StorageAnswer answer, Func<byte[], Task>? write = null)
    {
        IsOver = true;
        context.Response.StatusCode = answer.Status;
        foreach (var (name, values) in answer.Headers) context.Response.Headers[name] = values;
        if (context.Request.Method == "HEAD" || answer.Status is 204 or 304) return;
        context.Response.ContentLength = answer.Body.Length;
        await (write ?? WriteAsync)(answer.Body);
    }

    /// <summary>Sends a piece of an answer.</summary>
    public async Task WriteAsync(byte[] piece)
    {
        await context.Response.Body.WriteAsync(piece, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    /// <summary>Breaks the connection.</summary>
    public void Break()
    {
        IsOver = true;
        context.Abort();
    }

    private async Task<StorageAnswer> ForwardAsync(HttpContent content)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), target);
        var carries = context.Request.ContentLength is not null || Body.Length > 0;
        if (carries) request.Content = content;
        foreach (var (name, values) in context.Request.Headers.Where(header => !IsOfTheConnection(header.Key)))
        {
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values) && carries)
                content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
        using var answer = await storage.SendAsync(request, CancellationToken.None);
        var headers = answer.Headers.Concat(answer.Content.Headers)
            .Where(header => !IsOfTheConnection(header.Key) && header.Key != "Content-Length")
            .Select(header => (header.Key, header.Value.ToArray())).ToList();
        if (context.Request.Method == "HEAD" && answer.Content.Headers.ContentLength is { } length)
            headers.Add(("Content-Length", [$"{length}"]));
        return new((int)answer.StatusCode, headers, await answer.Content.ReadAsByteArrayAsync(CancellationToken.None));
    }

    private static bool IsOfTheConnection(string header) => OfTheConnection.Contains(header, StringComparer.OrdinalIgnoreCase);

    // Says how long it is, and breaks off in the middle.
    private sealed class HalfContent(byte[] body) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(body.AsMemory(0, body.Length / 2));
            await stream.FlushAsync();
            throw new IOException("Broken off.");
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }
}

/// <summary>An answer of storage.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Headers">Its headers but those of the connection.</param>
/// <param name="Body">Its body.</param>
internal sealed record StorageAnswer(int Status, IReadOnlyList<(string Name, string[] Values)> Headers, byte[] Body);

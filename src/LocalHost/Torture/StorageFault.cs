using System.Text;

namespace R1Cloud.LocalHost.Torture;

/// <summary>A way in which storage may misbehave.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Happens">Does it to a request; false when it does not fit, and the request is as it was.</param>
internal sealed record StorageFault(string Name, Func<StorageRequest, Task<bool>> Happens)
{
    private const string Xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

    private static readonly TimeSpan Slowness = TimeSpan.FromMilliseconds(100);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<StorageFault> All { get; } =
    [
        .. Refusals(429, "ServerBusy"), .. Refusals(500, "InternalError"), .. Refusals(503, "ServerBusy"),
        new("done, the answer lost", async request =>
        {
            await request.ForwardAsync();
            request.Break();
            return true;
        }),
        new("request cut in its midst", async request =>
        {
            if (request.Body.Length < 2) return false;
            await request.ForwardHalfAsync();
            request.Break();
            return true;
        }),
        new("answer cut in its midst", async request =>
        {
            var answer = await request.ForwardAsync();
            await request.AnswerAsync(answer, async body =>
            {
                if (body.Length > 0) await request.WriteAsync(body[..(body.Length / 2)]);
                request.Break();
            });
            return true;
        }),
        new("slow bytes", async request =>
        {
            await Task.Delay(Slowness);
            await request.AnswerAsync(await request.ForwardAsync(), async body =>
            {
                foreach (var piece in body.Chunk(Math.Max(1, (body.Length + 7) / 8)))
                {
                    await request.WriteAsync(piece);
                    await Task.Delay(Slowness);
                }
            });
            return true;
        }),
        new("message put twice", async request =>
        {
            if (!request.PutsMessage) return false;
            await request.ForwardAsync();
            await request.AnswerAsync(await request.ForwardAsync());
            return true;
        }),
        // It was taken, and nobody has it: it comes again when it is not hidden any more, after others that were put later.
        new("message delayed", async request =>
        {
            if (!request.TakesMessages) return false;
            var answer = await request.ForwardAsync();
            var taken = answer.Status == StatusCodes.Status200OK && Encoding.UTF8.GetString(answer.Body).Contains("<QueueMessage>",
                StringComparison.Ordinal);
            await request.AnswerAsync(taken ? answer with { Body = Encoding.UTF8.GetBytes(Xml + "<QueueMessagesList />") } : answer);
            return taken;
        }),
    ];

    // Nothing was done; with a word when to come again, and without.
    private static IEnumerable<StorageFault> Refusals(int status, string code)
    {
        yield return new($"{status}", request => RefuseAsync(request, []));
        yield return new($"{status}, Retry-After", request => RefuseAsync(request, [("Retry-After", ["1"])]));

        async Task<bool> RefuseAsync(StorageRequest request, (string Name, string[] Values)[] more)
        {
            await request.AnswerAsync(new(status,
                [("x-ms-error-code", [code]), ("Content-Type", ["application/xml"]), .. more],
                Encoding.UTF8.GetBytes($"{Xml}<Error><Code>{code}</Code><Message>{code}</Message></Error>")));
            return true;
        }
    }
}

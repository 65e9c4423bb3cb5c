using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using R1Cloud.Inference.Proofs;
using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Wire;
using R1Cloud.Shared;

namespace R1Cloud.Inference.Serving;

/// <summary>What a server says of itself.</summary>
/// <param name="Name">How errors call it.</param>
/// <param name="Facts">Engine, model, lengths, weights; null where it cannot be asked.</param>
/// <param name="Tokens">Tokens that it has generated since its start.</param>
/// <param name="Tensors">Tensors whose content it tells a digest of.</param>
/// <param name="Trouble">Why it could not be asked, or is not well; null where it is.</param>
public sealed record EngineView(string Name, EngineFacts? Facts, double Tokens, int Tensors, string? Trouble);

/// <summary>
/// One or many servers that sample with the same weights. Requests are spread over them; a dead one's go to the others; each completion is
/// told as soon as it has ended.
/// </summary>
public sealed class EnginePool : IAsyncDisposable
{
    private readonly IReadOnlyList<IEngineHost> hosts;
    private readonly IReadOnlyList<EngineServer> servers;
    private readonly ServingOptions options;
    private readonly TimeProvider time;
    private HandedWeights? weights;

    /// <summary>Makes one.</summary>
    /// <param name="hosts">The servers, at least one.</param>
    /// <param name="options">How they are asked and watched.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    public EnginePool(IReadOnlyList<IEngineHost> hosts, ServingOptions options, TimeProvider time, ILogger log)
    {
        (this.hosts, this.options, this.time) = (hosts, options, time);
        servers = [.. hosts.Select(host => new EngineServer(host, options, time, log))];
    }

    /// <summary>The longest sequence that all of them take, prompt included; null before weights were handed over.</summary>
    public int? MaxLength => servers.Where(server => server.Trouble is null).Min(server => server.Facts?.MaxLength);

    /// <summary>The longest prompt that all of them take; null before weights were handed over.</summary>
    public int? MaxPrompt => servers.Where(server => server.Trouble is null).Min(server => server.Facts?.MaxPrompt);

    /// <summary>Whether the same seed gives the same sample.</summary>
    public bool HeedsSeeds => servers.Where(server => server.Trouble is null).All(server => server.Facts?.Stream is null);

    /// <summary>Hands weights over: once this returns, at least one server has shown that it samples with them, and no other is
    /// asked.</summary>
    /// <param name="folder">A folder of weights with its proof, where the servers see it.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>What each server that holds them has shown, by name.</returns>
    /// <exception cref="BadInputException">The folder has no proof.</exception>
    /// <exception cref="EngineException">No server samples with them; the message says what is wrong with each.</exception>
    public Task<IReadOnlyDictionary<string, ProvenWeights>> HandOverAsync(string folder, CancellationToken cancellation) =>
        HandOverAsync(folder, 0, cancellation);

    /// <inheritdoc cref="HandOverAsync(string, CancellationToken)"/>
    /// <param name="folder">A folder of weights with its proof, where the servers see it.</param>
    /// <param name="seed">What a server's noise is derived from that is started now and heeds no request's seed.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<IReadOnlyDictionary<string, ProvenWeights>> HandOverAsync(string folder, ulong seed, CancellationToken cancellation)
    {
        var given = HandedWeights.Read(folder, seed);
        weights = given;
        var shown = await Task.WhenAll(servers.Select(server => server.GiveAsync(given, cancellation)));
        // One stream in two servers gives every sample twice.
        var streams = new Dictionary<long, string>();
        foreach (var server in servers.Where(server => server.Trouble is null && server.Facts?.Stream is not null))
        {
            if (!streams.TryAdd(server.Facts!.Stream!.Value, server.Name))
                server.Fail($"{server.Name} draws by the same --random-seed as {streams[server.Facts.Stream.Value]}: both would give the "
                    + "same samples.");
        }
        shown = [.. shown.Select((proven, place) => servers[place].Trouble is null ? proven : null)];
        return shown.Any(proven => proven is not null)
            ? servers.Zip(shown).Where(pair => pair.Second is not null).ToDictionary(pair => pair.First.Name, pair => pair.Second!)
            : throw NoneLeft();
    }

    /// <summary>Asks each server what it is, whether it holds weights or not.</summary>
    public async Task<IReadOnlyList<EngineView>> LookAsync(CancellationToken cancellation) =>
        await Task.WhenAll(servers.Select(server => server.LookAsync(cancellation)));

    /// <summary>Has a server that samples score a text: see <see cref="IEngineProtocol.ScoreAsync"/>.</summary>
    /// <exception cref="EngineException">None samples, or it gave no answer.</exception>
    public Task<float[]> ScoreAsync(IReadOnlyList<int> ids, CancellationToken cancellation) =>
        (servers.FirstOrDefault(server => server.Trouble is null) ?? throw NoneLeft()).Protocol.ScoreAsync(ids, cancellation);

    /// <summary>Samples.</summary>
    /// <param name="requests">What is asked.</param>
    /// <param name="finished">Told of each completion as soon as it has ended, by its request's index; from any thread.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="BadInputException">A request is longer than a server takes.</exception>
    /// <exception cref="EngineException">A server refused a request, or none is left that can answer.</exception>
    public async Task SampleAsync(IReadOnlyList<EngineRequest> requests, Action<int, EngineAnswer> finished, CancellationToken cancellation)
    {
        if (requests.Count == 0) return;
        if (weights is not { } given) throw new InvalidOperationException("Weights come first.");
        foreach (var request in requests.Where(request => request.Prompt.Count + request.MaxTokens > MaxLength))
            throw new BadInputException($"A prompt of {request.Prompt.Count} tokens and {request.MaxTokens} new ones are more than the "
                + $"{MaxLength} that a server takes (its --max-model-len or --context-length).");
        foreach (var request in requests.Where(request => request.Prompt.Count > MaxPrompt))
            throw new BadInputException($"A prompt of {request.Prompt.Count} tokens is longer than the {MaxPrompt} that a server takes.");
        foreach (var request in requests) given.Check(request);
        using var turn = new Turn(this, requests, finished, given.Proof.Name(), cancellation);
        await turn.RunAsync(given);
    }

    private EngineException NoneLeft() => new(EngineProblem.Away,
        "No engine samples: " + string.Join("; ", servers.Select(server => server.Trouble ?? $"{server.Name} is well")));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var host in hosts) await host.DisposeAsync();
    }

    // One call's requests, from the first to the last.
    private sealed class Turn(EnginePool pool, IReadOnlyList<EngineRequest> requests, Action<int, EngineAnswer> finished, string version,
        CancellationToken cancellation) : IDisposable
    {
        private const int MostTries = 4; // of a completion that a server ends half-way

        private readonly Channel<int> open = Channel.CreateUnbounded<int>();
        private readonly int[] tries = new int[requests.Count];
        private readonly CancellationTokenSource answered = new(); // by all: a server that is waited for is not needed any more
        private int left = requests.Count;

        public async Task RunAsync(HandedWeights weights)
        {
            for (var i = 0; i < requests.Count; i++) open.Writer.TryWrite(i);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var serving = pool.servers.Select(async server =>
            {
                try
                {
                    await ServeAsync(server, weights, stop.Token);
                }
                catch
                {
                    await stop.CancelAsync(); // what one refuses all refuse
                    throw;
                }
            }).ToList();
            try
            {
                await Task.WhenAll(serving);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // another's refusal is the reason
                if (serving.FirstOrDefault(one => one.IsFaulted) is { } refused) await refused;
                throw;
            }
            cancellation.ThrowIfCancellationRequested();
            if (Volatile.Read(ref left) > 0) throw pool.NoneLeft();
        }

        private async Task ServeAsync(EngineServer server, HandedWeights weights, CancellationToken stop)
        {
            for (var returns = 0; Volatile.Read(ref left) > 0; returns++)
            {
                if (server.Trouble is not null && !await ReturnsAsync(server, returns, weights, stop)) return;
                using var lost = CancellationTokenSource.CreateLinkedTokenSource(stop);
                var watching = WatchAsync(server, lost);
                var share = (requests.Count + pool.servers.Count - 1) / pool.servers.Count;
                await Task.WhenAll(Enumerable.Range(0, Math.Min(pool.options.Concurrency, share)).Select(_ => AskAsync(server, lost)));
                await lost.CancelAsync();
                await watching;
                stop.ThrowIfCancellationRequested();
            }
        }

        // False once it does not come back, or is not needed any more.
        private async Task<bool> ReturnsAsync(EngineServer server, int returns, HandedWeights weights, CancellationToken stop)
        {
            if (returns > pool.options.MostReturns) return false;
            using var needed = CancellationTokenSource.CreateLinkedTokenSource(stop, answered.Token);
            try
            {
                return await server.ReturnsAsync(needed.Token)
                    && await server.GiveAsync(weights, needed.Token) is not null;
            }
            catch (OperationCanceledException) when (answered.IsCancellationRequested)
            {
                return false;
            }
        }

        private async Task AskAsync(EngineServer server, CancellationTokenSource lost)
        {
            try
            {
                while (await open.Reader.WaitToReadAsync(lost.Token))
                {
                    while (!lost.IsCancellationRequested && open.Reader.TryRead(out var index))
                    {
                        if (!await OneAsync(server, index, lost)) return;
                    }
                }
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // The server is lost; others go on.
            }
            catch
            {
                await lost.CancelAsync(); // what is refused is never answered: the others must not wait for it
                throw;
            }
        }

        // False once the server is not to be asked any more.
        private async Task<bool> OneAsync(EngineServer server, int index, CancellationTokenSource lost)
        {
            Interlocked.Increment(ref server.Asked);
            try
            {
                var answer = await server.Protocol.SampleAsync(requests[index], lost.Token);
                if (answer.Versions is not [var made] || made != version)
                    throw new EngineException(EngineProblem.Broken, $"{server.Name} sampled with the weights "
                        + $"{string.Join(", ", answer.Versions)}; asked for were {version}.");
                Interlocked.Increment(ref server.Answered);
                finished(index, answer);
                if (Interlocked.Decrement(ref left) > 0) return true;
                open.Writer.TryComplete();
                await answered.CancelAsync();
                return true;
            }
            catch (EngineException e) when (e.Problem == EngineProblem.Unfinished && ++tries[index] < MostTries)
            {
                open.Writer.TryWrite(index);
                return true;
            }
            catch (EngineException e) when (e.Problem != EngineProblem.Refused)
            {
                open.Writer.TryWrite(index);
                if (!lost.IsCancellationRequested) server.Fail(e.Message);
                await lost.CancelAsync();
                return false;
            }
            catch (OperationCanceledException)
            {
                open.Writer.TryWrite(index);
                throw;
            }
            finally
            {
                Interlocked.Decrement(ref server.Asked);
            }
        }

        // Health stays well on a server that hangs: tokens and answers tell.
        private async Task WatchAsync(EngineServer server, CancellationTokenSource lost)
        {
            var (since, tokens, answered) = (pool.time.GetTimestamp(), -1.0, -1);
            while (!lost.IsCancellationRequested)
            {
                await Task.Delay(pool.options.WatchInterval, pool.time, lost.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (lost.IsCancellationRequested) return;
                var now = await TokensAsync(server, lost.Token);
                if (Volatile.Read(ref server.Asked) == 0 || now > tokens || Volatile.Read(ref server.Answered) != answered)
                    (since, tokens, answered) = (pool.time.GetTimestamp(), now, Volatile.Read(ref server.Answered));
                else if (pool.time.GetElapsedTime(since) >= pool.options.StallLimit)
                {
                    server.Fail($"{server.Name} made no token for {pool.options.StallLimit.TotalSeconds:0} s and counts as hung.");
                    await lost.CancelAsync();
                }
            }
        }

        public void Dispose() => answered.Dispose();

        private static async Task<double> TokensAsync(EngineServer server, CancellationToken cancellation)
        {
            try
            {
                return await server.Protocol.GeneratedTokensAsync(cancellation);
            }
            catch (Exception e) when (e is EngineException or OperationCanceledException)
            {
                return -1;
            }
        }
    }
}

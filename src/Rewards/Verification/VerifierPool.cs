using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using R1Cloud.Rewards.Sandboxing;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;

namespace R1Cloud.Rewards.Verification;

/// <summary>
/// Verifier processes that score while generation goes on. One that takes too long is killed and replaced, as is one that dies; the
/// completion's outcome then is <see cref="RewardOutcome.Timeout"/> or <see cref="RewardOutcome.Error"/>, and the pool goes on with the
/// next.
/// </summary>
internal sealed class VerifierPool : IAsyncDisposable
{
    private static readonly Lazy<VerifierPool> SharedPool = new(() =>
    {
        var pool = new VerifierPool(VerificationOptions.Default);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => pool.Kill();
        return pool;
    });

    private readonly VerificationOptions options;
    private readonly Channel<Order> queue;
    private readonly Lazy<Task> work;
    private readonly VerifierProcess?[] processes;
    private volatile bool disposed;
    private long timeouts, crashes, scored;

    /// <summary>A pool; its processes start with the first request.</summary>
    [SuppressMessage("Reliability", "VSTHRD011", Justification = "What the lazy value does is start tasks: it waits for nothing.")]
    public VerifierPool(VerificationOptions options)
    {
        this.options = options;
        queue = Channel.CreateBounded<Order>(options.QueueLength);
        processes = new VerifierProcess?[options.Workers];
        work = new(() => Task.WhenAll(Enumerable.Range(0, options.Workers).Select(index => Task.Run(() => ServeAsync(index)))));
    }

    /// <summary>The process-wide pool of <c>gpujob verify</c>.</summary>
    public static VerifierPool Shared => SharedPool.Value;

    /// <summary>Requests killed for taking too long.</summary>
    public long Timeouts => Interlocked.Read(ref timeouts);

    /// <summary>Processes that died over a request.</summary>
    public long Crashes => Interlocked.Read(ref crashes);

    /// <summary>Requests answered.</summary>
    public long Scored => Interlocked.Read(ref scored);

    /// <summary>Scores one completion.</summary>
    /// <exception cref="BadInputException">The recipe or the data row is at fault.</exception>
    /// <exception cref="SandboxUnavailableException">This machine lacks what the reward needs.</exception>
    public async Task<Reward> ScoreAsync(VerificationRequest request, CancellationToken cancellation = default)
    {
        _ = work.Value;
        var order = new Order(request, new TaskCompletionSource<Reward>(TaskCreationOptions.RunContinuationsAsynchronously), cancellation);
        await queue.Writer.WriteAsync(order, cancellation);
        return await order.Result.Task.WaitAsync(cancellation);
    }

    /// <summary>Scores many completions, as many at a time as there are processes; results are in the requests' order.</summary>
    /// <inheritdoc cref="ScoreAsync(VerificationRequest, CancellationToken)"/>
    public async Task<IReadOnlyList<Reward>> ScoreAsync(IReadOnlyList<VerificationRequest> requests,
        CancellationToken cancellation = default) =>
        await Task.WhenAll(requests.Select(request => ScoreAsync(request, cancellation)));

    /// <summary>Ends the processes; requests still waiting are cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        while (queue.Reader.TryRead(out var order)) order.Result.TrySetCanceled(CancellationToken.None);
        disposed = true;
        Kill();
        if (work.IsValueCreated) await work.Value;
        foreach (var process in processes) process?.Dispose();
    }

    private void Kill()
    {
        foreach (var process in processes) process?.Kill();
    }

    private async Task ServeAsync(int index)
    {
        await foreach (var order in queue.Reader.ReadAllAsync())
        {
            if (order.Cancellation.IsCancellationRequested || disposed)
            {
                order.Result.TrySetCanceled(CancellationToken.None);
                continue;
            }
            try
            {
                order.Result.TrySetResult(await ScoreAsync(index, order.Request));
                Interlocked.Increment(ref scored);
            }
            catch (Exception e)
            {
                order.Result.TrySetException(e);
            }
        }
    }

    private async Task<Reward> ScoreAsync(int index, VerificationRequest request)
    {
        VerifierProcess process;
        try
        {
            process = processes[index] ??= new VerifierProcess(options);
        }
        catch (Win32Exception e)
        {
            throw new SandboxUnavailableException($"The verifier '{options.Command[0]}' does not start: {e.Message}", e);
        }

        var limit = options.TimeLimit(request.Reward);
        var answer = process.AskAsync(request);
        using var alarm = new CancellationTokenSource();
        var inTime =
            await Task.WhenAny(answer, Task.Delay(process.IsWarm ? limit : limit + options.StartGrace, options.Time, alarm.Token))
            == answer;
        await alarm.CancelAsync(); // a timer of each of many thousand answers would go on for its whole limit
        if (inTime && await answer is { } reply)
        {
            return reply switch
            {
                { BadInput: { } message } => throw new BadInputException(message),
                { Unavailable: { } message } => throw new SandboxUnavailableException(message),
                { Verdict: { } verdict } => verdict,
                _ => new Reward(0, "the verifier answered nothing", RewardOutcome.Error),
            };
        }

        var epitaph = inTime ? process.Epitaph() : "";
        process.Dispose();
        processes[index] = null; // the next request starts another
        if (inTime)
        {
            Interlocked.Increment(ref crashes);
            return new Reward(0, epitaph, RewardOutcome.Error);
        }
        Interlocked.Increment(ref timeouts);
        return new Reward(0, $"killed after {limit.TotalSeconds:0.#} s", RewardOutcome.Timeout);
    }

    private sealed record Order(VerificationRequest Request, TaskCompletionSource<Reward> Result, CancellationToken Cancellation);
}

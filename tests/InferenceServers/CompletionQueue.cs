using System.Threading.Channels;
using R1Cloud.GpuJob.Generation;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.InferenceServers;

/// <summary>Decodes what is asked for together: requests that wait while others are decoded are the next batch.</summary>
internal sealed class CompletionQueue : IAsyncDisposable
{
    private sealed record Waiting(GenerationRequest Request, SamplingRecipe Sampling, TaskCompletionSource<GenerationResult> Answer);

    private readonly Channel<Waiting> waiting = Channel.CreateUnbounded<Waiting>();
    private readonly ServedModel model;
    private readonly SemaphoreSlim turn;
    private readonly Task loop;
    private CancellationTokenSource running = new();

    /// <summary>Begins.</summary>
    /// <param name="model">What decodes.</param>
    /// <param name="turn">Taken while it decodes: weights change only between.</param>
    public CompletionQueue(ServedModel model, SemaphoreSlim turn)
    {
        (this.model, this.turn) = (model, turn);
        loop = Task.Run(RunAsync);
    }

    public Task<GenerationResult> AskAsync(int[] prompt, ulong seed, IReadOnlyList<int> stops, SamplingRecipe sampling)
    {
        var answer = new TaskCompletionSource<GenerationResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Writer.TryWrite(new(new GenerationRequest(prompt, [seed], stops)
        {
            OnFinished = (_, result) => answer.TrySetResult(result),
        }, sampling, answer));
        return answer.Task;
    }

    /// <summary>Ends what is decoded half-way.</summary>
    public void Abort() => running.Cancel();

    private async Task RunAsync()
    {
        while (await waiting.Reader.WaitToReadAsync())
        {
            var taken = new List<Waiting>();
            while (taken.Count < 256 && waiting.Reader.TryRead(out var one)) taken.Add(one);
            await turn.WaitAsync();
            try
            {
                foreach (var group in taken.GroupBy(one => one.Sampling)) Decode([.. group], group.Key);
            }
            finally
            {
                turn.Release();
            }
        }
    }

    private void Decode(IReadOnlyList<Waiting> group, SamplingRecipe sampling)
    {
        running = new();
        try
        {
            model.Generate([.. group.Select(one => one.Request)], sampling, running.Token);
        }
        catch (OperationCanceledException)
        {
            foreach (var one in group) one.Answer.TrySetCanceled();
        }
        catch (Exception e)
        {
            foreach (var one in group) one.Answer.TrySetException(e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        running.Cancel();
        await loop;
    }
}

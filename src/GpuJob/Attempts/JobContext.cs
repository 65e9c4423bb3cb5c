using System.Diagnostics;
using Microsoft.Extensions.Logging;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Shared.Storage;
using R1Cloud.Shared.Tracing;

namespace R1Cloud.GpuJob.Attempts;

/// <summary>One attempt's surroundings.</summary>
internal sealed class JobContext
{
    /// <summary>The order.</summary>
    public required JobSpec Spec { get; init; }

    /// <summary>This attempt's name; unique, so that outputs under it are its own.</summary>
    public required string Attempt { get; init; }

    /// <summary>Which attempt this is, from 1, counting those that failed or were lost.</summary>
    public required int AttemptNumber { get; init; }

    /// <summary>Where blobs are.</summary>
    public required IBlobStore Blobs { get; init; }

    /// <summary>The same for what goes on after the attempt has ended.</summary>
    public IBlobStore LastingBlobs { get => field ?? Blobs; init; }

    /// <summary>Brings what is on the Hub.</summary>
    public required IHubReader Hub { get; init; }

    /// <summary>A folder of this attempt's own on the local disk; removed afterwards.</summary>
    public required string ScratchFolder { get; init; }

    /// <summary>Fires when the worker must stop: save, then throw <see cref="PreemptedException"/>.</summary>
    public required CancellationToken Preemption { get; init; }

    /// <summary>The log.</summary>
    public required ILogger Log { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Tells how far the job is; kept in memory and published by the heartbeat, so it costs nothing to call often.</summary>
    public Action<int, int, IReadOnlyDictionary<string, double>> Progress { get; init; } = (_, _, _) => { };

    /// <summary>What it has finished and not committed, for people who watch; published by the heartbeat.</summary>
    public CompletionTail Tail { get; init; } = new();

    /// <summary>Where the time went so far.</summary>
    public TimeSplit Time { get; } = new();

    /// <summary>The prefix of this attempt's own blobs.</summary>
    public string AttemptPrefix => BlobLayout.Attempt(Spec.RunId, Spec.JobId, Attempt);

    /// <summary>Gives way when the worker must stop.</summary>
    /// <exception cref="PreemptedException">It must.</exception>
    public void ThrowIfPreempted()
    {
        if (Preemption.IsCancellationRequested) throw new PreemptedException();
    }
}

/// <summary>Where an attempt's time goes.</summary>
internal enum TimePart
{
    /// <summary>Generating tokens.</summary>
    Generation,
    /// <summary>Scoring completions.</summary>
    Reward,
    /// <summary>Forward, backward and optimizer.</summary>
    Update,
    /// <summary>Reading and writing blobs.</summary>
    Storage,
}

/// <summary>
/// Adds up seconds by <see cref="TimePart"/>; where somebody listens, each measurement is a span of the attempt's, up to a number.
/// </summary>
internal sealed class TimeSplit
{
    private const int MostSpans = 200;

    private readonly double[] seconds = new double[Enum.GetValues<TimePart>().Length];
    private int spans;

    /// <summary>Seconds spent on a part so far.</summary>
    public double this[TimePart part] => seconds[(int)part];

    /// <summary>Measures until the returned value is disposed.</summary>
    public Measurement Measure(TimePart part) =>
        new(this, part, RunTrace.Source.HasListeners() && Interlocked.Increment(ref spans) <= MostSpans
            ? RunTrace.Source.StartActivity(NameOf(part))
            : null);

    private static string NameOf(TimePart part) => part switch
    {
        TimePart.Generation => "generate",
        TimePart.Reward => "score",
        TimePart.Update => "update",
        _ => "storage",
    };

    /// <summary>A running measurement.</summary>
    internal readonly struct Measurement(TimeSplit split, TimePart part, Activity? span) : IDisposable
    {
        private readonly long start = Stopwatch.GetTimestamp();

        /// <summary>Ends the measurement.</summary>
        public void Dispose()
        {
            var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
            split.seconds[(int)part] += elapsed;
            RunMeters.Spent(NameOf(part), elapsed);
            span?.Dispose();
        }
    }
}

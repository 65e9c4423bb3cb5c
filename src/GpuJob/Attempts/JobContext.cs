using System.Diagnostics;
using Microsoft.Extensions.Logging;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

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

    /// <summary>A folder of this attempt's own on the local disk; removed afterwards.</summary>
    public required string ScratchFolder { get; init; }

    /// <summary>Fires when the worker must stop: save, then throw <see cref="PreemptedException"/>.</summary>
    public required CancellationToken Preemption { get; init; }

    /// <summary>The log.</summary>
    public required ILogger Log { get; init; }

    /// <summary>Tells how far the job is; kept in memory and published by the heartbeat, so it costs nothing to call often.</summary>
    public Action<int, int, IReadOnlyDictionary<string, double>> Progress { get; init; } = (_, _, _) => { };

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

/// <summary>Adds up seconds by <see cref="TimePart"/>.</summary>
internal sealed class TimeSplit
{
    private readonly double[] seconds = new double[Enum.GetValues<TimePart>().Length];

    /// <summary>Seconds spent on a part so far.</summary>
    public double this[TimePart part] => seconds[(int)part];

    /// <summary>Measures until the returned value is disposed.</summary>
    public Measurement Measure(TimePart part) => new(this, part);

    /// <summary>A running measurement.</summary>
    internal readonly struct Measurement(TimeSplit split, TimePart part) : IDisposable
    {
        private readonly long start = Stopwatch.GetTimestamp();

        /// <summary>Ends the measurement.</summary>
        public void Dispose() => split.seconds[(int)part] += Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}

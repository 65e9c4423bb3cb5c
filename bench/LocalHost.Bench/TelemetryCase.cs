using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Tracing;

namespace R1Cloud.LocalHost.Bench;

/// <summary>
/// What telemetry costs a job's result. The baseline is what every result goes through anyway: it is written as JSON and read again.
/// </summary>
internal static class TelemetryCase
{
    private const int Times = 20_000, Rounds = 7;

    private static readonly JobResult Result = new()
    {
        JobId = "r1-zero/000001/rollout/0", Status = JobStatus.Succeeded, Attempt = "0-a", Worker = "worker-0",
        Timing = new() { StartedAt = DateTimeOffset.UnixEpoch, Total = 2, Generation = 1 },
        Metrics = new Dictionary<string, double> { ["tokens"] = 1000, ["reward/mean"] = 0.5 },
    };

    public static object Run()
    {
        Action plain = () => JsonSerializer.Deserialize<JobResult>(JsonSerializer.Serialize(Result, R1Json.Options), R1Json.Options);
        Action tell = () => JobSpans.Ended("bench", Result);
        Measure(plain);
        Measure(tell);
        var (baseline, off) = (Measure(plain), Measure(tell));
        using var spans = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RunTrace.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(spans);
        using var meters = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == RunTrace.Name) listener.EnableMeasurementEvents(instrument);
            },
        };
        meters.Start();
        Measure(tell);
        var on = Measure(tell);
        return new
        {
            resultMicroseconds = Rounded(baseline), offMicroseconds = Rounded(off), onMicroseconds = Rounded(on),
            ratio = Math.Round((baseline + off) / baseline, 3), ratioOn = Math.Round((baseline + on) / baseline, 3),
        };
    }

    private static double Rounded(double value) => Math.Round(value, 3);

    // The best of some rounds: what else the machine does makes them longer, never shorter.
    private static double Measure(Action action) => Enumerable.Range(0, Rounds).Min(_ =>
    {
        var start = Stopwatch.GetTimestamp();
        for (var times = 0; times < Times; times++) action();
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / Times;
    });
}

using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace R1Cloud.Shared.Tracing;

/// <summary>What is counted and measured; costs nothing unless somebody listens.</summary>
public static class RunMeters
{
    /// <summary>What generation is called in OpenTelemetry's conventions.</summary>
    public const string GenerationName = "text_completion";

    private static readonly Meter Meter = new(RunTrace.Name);
    private static readonly Counter<long> Attempts = Meter.CreateCounter<long>("r1.job.attempts", "{attempt}", "Attempts, by ending.");
    private static readonly Histogram<double> Jobs = Meter.CreateHistogram<double>("r1.job.duration", "s", "Order to result.");
    private static readonly Histogram<double> Waits = Meter.CreateHistogram<double>("r1.job.wait", "s", "Order to first attempt.");
    private static readonly Counter<double> Parts = Meter.CreateCounter<double>("r1.job.time", "s", "Where attempts' time goes.");
    private static readonly Counter<long> Runs = Meter.CreateCounter<long>("r1.runs", "{run}", "Runs that began or ended.");
    private static readonly Histogram<double> Stages = Meter.CreateHistogram<double>("r1.stage.duration", "s", "Start to end.");
    // Names and boundaries of OpenTelemetry's conventions for generative models.
    private static readonly Histogram<long> Tokens = Meter.CreateHistogram("gen_ai.client.token.usage", "{token}",
        "Tokens that a job's model wrote.", tags: null, new InstrumentAdvice<long>
        {
            HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864],
        });
    private static readonly Histogram<double> Generations = Meter.CreateHistogram<double>("gen_ai.client.operation.duration", "s",
        "Time in which a job's model wrote.");
    private static readonly Gauge<double> Values = Meter.CreateGauge<double>("r1.training.value", null, "A stage's last figure.");

    /// <summary>An attempt ended.</summary>
    /// <param name="kind">The job's kind.</param>
    /// <param name="ending">How: <c>succeeded</c>, <c>failed</c>, <c>preempted</c>, <c>lost</c>, <c>abandoned</c>.</param>
    public static void AttemptEnded(string kind, string ending) =>
        Attempts.Add(1, new TagList { { "r1.job.kind", kind }, { "r1.ending", ending } });

    /// <summary>An attempt spent time on a part of its work.</summary>
    public static void Spent(string part, double seconds) => Parts.Add(seconds, new TagList { { "r1.part", part } });

    /// <summary>A job began for the first time, so long after it was ordered.</summary>
    public static void JobWaited(string kind, TimeSpan wait) => Waits.Record(wait.TotalSeconds, new TagList { { "r1.job.kind", kind } });

    /// <summary>A job has its result, so long after it was ordered.</summary>
    public static void JobEnded(string kind, string status, TimeSpan duration) =>
        Jobs.Record(duration.TotalSeconds, new TagList { { "r1.job.kind", kind }, { "r1.status", status } });

    /// <summary>A job's model wrote so many tokens in so much time.</summary>
    public static void Generated(string kind, long tokens, double seconds)
    {
        if (!Tokens.Enabled && !Generations.Enabled) return;
        var tags = new TagList
        {
            { "gen_ai.operation.name", GenerationName }, { "gen_ai.provider.name", RunTrace.Name }, { "r1.job.kind", kind },
        };
        Generations.Record(seconds, tags);
        tags.Add("gen_ai.token.type", "output");
        Tokens.Record(tokens, tags);
    }

    /// <summary>A run began or ended.</summary>
    /// <param name="what"><c>created</c>, <c>completed</c> or <c>stopped</c>.</param>
    public static void Run(string what) => Runs.Add(1, new TagList { { "r1.what", what } });

    /// <summary>A stage is done.</summary>
    public static void StageEnded(TimeSpan duration) => Stages.Record(duration.TotalSeconds);

    /// <summary>A stage's figure.</summary>
    public static void Value(string runId, string stage, string name, double value) =>
        Values.Record(value, new TagList { { "r1.run.id", runId }, { "r1.stage", stage }, { "r1.metric", name } });
}

using System.Diagnostics.Metrics;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Tracing;

namespace R1Cloud.Pipeline.Tests.Jobs;

/// <summary>What a committed result counts.</summary>
public sealed class JobSpansTests
{
    [Theory]
    [InlineData("rollout", 2.5, 1)]
    [InlineData("update", 0.0, 0)]
    public void Ended_JobThatWrote_CountsTokensByTheConventionsNames(string kind, double generation, int expected)
    {
        // Other tests' jobs may end beside this one: this one's kind is its own.
        var own = $"{kind}-{Guid.NewGuid():N}";
        var told = new List<(string Instrument, double Value, Dictionary<string, object?> Tags)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, to) =>
            {
                if (instrument.Meter.Name == RunTrace.Name) to.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.Start();
        JobSpans.Ended("run", new()
        {
            JobId = $"rl/000001/{own}/0", Status = JobStatus.Succeeded, Attempt = "a",
            Metrics = new Dictionary<string, double> { [MetricNames.Tokens] = 4096 },
            Timing = new() { StartedAt = DateTimeOffset.UnixEpoch, Total = 3, Generation = generation },
        });

        var usage = told.Where(one => one.Instrument == "gen_ai.client.token.usage").ToList();
        usage.Count.ShouldBe(expected);
        told.Count(one => one.Instrument == "gen_ai.client.operation.duration" && one.Value == generation).ShouldBe(expected);
        told.ShouldContain(one => one.Instrument == "r1.job.duration");
        foreach (var (_, value, tags) in usage)
        {
            value.ShouldBe(4096);
            tags["gen_ai.token.type"].ShouldBe("output");
            tags["gen_ai.operation.name"].ShouldBe("text_completion");
            tags.Keys.ShouldContain("gen_ai.provider.name");
        }

        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var named = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value);
            if (own.Equals(named.GetValueOrDefault("r1.job.kind"))) lock (told) told.Add((instrument.Name, value, named));
        }
    }
}

using R1Cloud.LocalHost.Client;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.LocalHost.Tests;

/// <summary>Runs to show.</summary>
internal static class SampleRuns
{
    public const string Id = "quickstart-362d0311";

    public static DateTimeOffset Start { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static StageView Base { get; } = new()
    {
        Name = "base", Label = "base", Kind = "pretrain", Status = StageStatus.Completed, Done = 300, Total = 300, StartedAt = Start,
            EndedAt = Start.AddSeconds(72),
    };

    public static StageView Rl(int done, StageStatus status = StageStatus.Running) => new()
    {
        Name = "r1-zero", Label = "r1-zero", Kind = "rl", Status = status, Done = done, Total = 65, Phase = "rollout",
            StartedAt = Start.AddSeconds(80),
        EndedAt = status == StageStatus.Completed ? Start.AddSeconds(200) : null,
    };

    public static RunView Run(RunStatus status, params StageView[] stages) => new()
    {
        Id = Id, Name = "quickstart", RecipeHash = "362d0311", Status = status, Stages = stages,
            EtaSeconds = status == RunStatus.Running ? 63 : null,
        Workers = new WorkerPoolView([new WorkerView("worker-0", "pid 4711", "running", 1)], 1),
        Cost = new RunCost(0, 0, 0, "USD", ""), CreatedAt = Start, StartedAt = Start,
    };

    public static MetricsRow Step(int step) => new("r1-zero", step, Start, new Dictionary<string, double>
    {
        [MetricNames.RewardMean] = 0.4 + step * 0.02, [MetricNames.Accuracy] = step / 65.0, [MetricNames.Format] = 0.5 + step / 130.0,
        [MetricNames.MeanLength] = 15 + step * 0.1, [MetricNames.TokensPerSecondGeneration] = 5130, [MetricNames.Loss] = 0.0123,
            [MetricNames.Entropy] = 0.71,
    });

    public static IEnumerable<WatchedEvent> HalfWay(int step = 42)
    {
        yield return new(RunEventNames.Snapshot, Run(RunStatus.Running, Base, Rl(step)));
        for (var i = 1; i <= step; i++) yield return new(RunEventNames.Metrics, Step(i));
    }

    public static RunReport Report { get; } = new()
    {
        RunId = Id, Name = "quickstart", RecipeHash = "362d0311", Seed = 1, StartedAt = Start, EndedAt = Start.AddSeconds(210), Overlap = 0,
        Plan = new PlanComparison
        {
            Device = "cpu", Stages = [new("base", 72, 60), new("r1-zero", 128)],
            Workers = new WorkerTime { Paid = 200, Useful = 150, Recomputed = 20, Failed = 0, Lost = 2, Preempted = 1 },
        },
        Time = new TimeBreakdown { Wall = 200, Generation = 80, Update = 100, Reward = 4, Storage = 6 },
        Stages =
        [
            new StageReport { Name = "base", Label = "base", Kind = "pretrain", Steps = 300,
                Benchmarks = [new("addition", null, Figures(0.102, 0.143, 0.1, 15.1))], Time = new TimeBreakdown { Wall = 72 } },
            new StageReport
            {
                Name = "r1-zero", Label = "r1-zero", Kind = "rl", Steps = 65,
                    Benchmarks = [new("addition", Figures(0.102, 0.143, 0.1, 15.1), Figures(0.992, 0.994, 0.98, 25))],
                Training = [.. Enumerable.Range(1, 65).Select(step => new CurvePoint(step, step / 65.0, 0.5, 20, 1))],
                Time = new TimeBreakdown { Wall = 128, Generation = 80, Update = 40, Reward = 4 },
                Samples =
                [
                    new SamplePair("57+83=", "140", new Sample("57+83=", "<answer>132</answer>", "140", Correct: false),
                        new Sample("57+83=", "<think>7+3+0=10;5+8+1=14</think><answer>140</answer>", "140", Correct: true)),
                ],
            },
        ],
    };

    public static async IAsyncEnumerable<T> Stream<T>(IEnumerable<T> items)
    {
        foreach (var item in items)
        {
            await Task.Yield();
            yield return item;
        }
    }

    private static EvaluationFigures Figures(double greedy, double pass, double format, double length) => new()
    {
        GreedyAccuracy = greedy, PassAt1 = pass, GreedyFormat = format, Format = format, MeanLength = length, Problems = 512, Samples = 4,
    };
}

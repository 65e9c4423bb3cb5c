using System.Security.Cryptography;
using Parquet;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.Traces.Tests;

public sealed class TraceFileTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("r1-trace");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Write_Rows_AreReadBackWholeAndAreTheSameBitsAgain()
    {
        var rows = Enumerable.Range(0, 500).Select(Row).ToList();
        var (one, two) = (Path.Combine(folder.FullName, "one"), Path.Combine(folder.FullName, "two"));
        await TraceFile.WriteAsync(rows, one, TestContext.Current.CancellationToken);
        await TraceFile.WriteAsync(rows, two, TestContext.Current.CancellationToken);
        (await HashAsync(one)).ShouldBe(await HashAsync(two));
        var read = await new TraceFile().ReadAsync(new BinaryData(await File.ReadAllBytesAsync(one, TestContext.Current.CancellationToken)),
            TestContext.Current.CancellationToken);
        read.ToList().ShouldBeEquivalentTo(rows);
    }

    /// <summary>The columns are documented: none goes, none changes its name (docs/traces.md).</summary>
    [Fact]
    public async Task Write_Rows_HasTheDocumentedColumns()
    {
        var path = Path.Combine(folder.FullName, "columns");
        await TraceFile.WriteAsync([Row(1)], path, TestContext.Current.CancellationToken);
        await using var file = File.OpenRead(path);
        await using var reader = await ParquetReader.CreateAsync(file, cancellationToken: TestContext.Current.CancellationToken);
        reader.Schema.Fields.Select(field => field.Name).ShouldBe(["run", "stage", "iteration", "question", "sample", "source", "problem",
            "prompt", "answer", "completion", "tokens", "truncated", "correct", "formatted", "reward", "dropped", "advantage", "policy",
            "engine", "rewards"]);
    }

    private static TraceRow Row(int number) => new()
    {
        Run = "run", Stage = "rl", Iteration = 3, Question = number / 4, Sample = number % 4, Source = number % 2 == 0 ? "sums" : null,
        Problem = $"{number}+1", Prompt = $"{number}+1=", Answer = number % 3 == 0 ? null : $"{number + 1}", Completion = $"七 {number}\n",
        Tokens = number, Truncated = number % 5 == 0, Correct = true, Reward = number / 7.0, Dropped = number % 9 == 0,
        Advantage = number % 4 == 0 ? null : -number / 3.0, Policy = "runs/run/checkpoints/rl/step-000002/", Engine = "simd",
        Rewards = [.. Enumerable.Range(0, number % 3).Select(i => new TraceReward
        {
            Name = $"reward/{i}", Score = i / 2.0, Weight = 0.5, Reason = $"because {i}",
        })],
    };

    private static async Task<string> HashAsync(string path) =>
        Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken)));
}

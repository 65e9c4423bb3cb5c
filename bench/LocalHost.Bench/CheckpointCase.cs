using System.Diagnostics;
using R1Cloud.Shared.Checkpoints;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Bench;

/// <summary>
/// Writing the quickstart's checkpoint (3 MB of weights, 6 MB of optimizer state) and reading it back, against plain files of the same
/// bytes.
/// </summary>
internal static class CheckpointCase
{
    private const int Rounds = 20;

    public static async Task<object> RunAsync(BenchStorage storage)
    {
        var folder = Directory.CreateDirectory(Path.Combine(storage.Folder, "checkpoint")).FullName;
        var random = new Random(1);
        foreach (var (name, bytes) in new[] { ("model.safetensors", 2_960_000), ("optimizer.safetensors", 5_920_000), ("config.json", 700),
            ("tokenizer.json", 3000), ("tokenizer_config.json", 200), ("generation_config.json", 100), ("trainer_state.json", 100) })
        {
            var content = new byte[bytes];
            random.NextBytes(content);
            File.WriteAllBytes(Path.Combine(folder, name), content);
        }

        var (write, read, plain) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            var prefix = BlobLayout.Checkpoint("bench", "stage", round);
            var checkpoints = new CheckpointStore(storage.Connection.Blobs);
            write.Add(await TimeAsync(() => checkpoints.WriteAsync(prefix, "stage", round, "a", null, folder)));
            read.Add(await TimeAsync(async () =>
            {
                // All of it, as before a training that goes on.
                foreach (var part in Enum.GetValues<CheckpointPart>())
                    await checkpoints.DownloadAsync(prefix, part, Path.Combine(storage.Folder, "cache"));
            }));
            plain.Add(await TimeAsync(() => Task.Run(() => Copy(folder, Path.Combine(storage.Folder, "plain")))));
        }
        return new { writeMs = Median(write), readMs = Median(read), plainCopyMs = Median(plain) };
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
    }

    private static async Task<double> TimeAsync(Func<Task> run)
    {
        var start = Stopwatch.GetTimestamp();
        await run();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double Median(List<double> values) => Math.Round(values.Order().ElementAt(values.Count / 2), 1);
}

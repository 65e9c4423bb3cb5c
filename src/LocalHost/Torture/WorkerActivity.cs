using System.Text.RegularExpressions;

namespace R1Cloud.LocalHost.Torture;

/// <summary>What a run's workers have said in their logs: which attempts run, and how many have begun.</summary>
/// <param name="Running">
/// The attempt of each worker that has one, by the worker's name. One whose process was killed stands there until there is another.
/// </param>
/// <param name="Begun">Attempts that have begun so far.</param>
/// <param name="Ended">Attempts that have come to an end of their own so far.</param>
internal sealed partial record WorkerActivity(IReadOnlyDictionary<string, RunningAttempt> Running, int Begun, int Ended)
{
    /// <summary>Reads the logs of a host's data folder.</summary>
    /// <param name="logs">The folder of its logs.</param>
    public static WorkerActivity Read(string logs)
    {
        var running = new Dictionary<string, RunningAttempt>(StringComparer.Ordinal);
        var (begun, ended) = (0, 0);
        if (Directory.Exists(logs))
        {
            foreach (var file in Directory.EnumerateFiles(logs, "worker-*.log", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
                Follow(Path.GetFileNameWithoutExtension(file), Lines(file));
        }
        return new(running, begun, ended);

        void Follow(string worker, IEnumerable<string> lines)
        {
            foreach (var line in lines)
            {
                if (Event().Match(line) is not { Success: true } told) continue;
                if (told.Groups["id"].Value == "2001")
                {
                    running[worker] = new(told.Groups["job"].Value, told.Groups["name"].Value);
                    begun++;
                    continue;
                }
                // A new process of that worker, or the end of its job.
                if (running.Remove(worker) && told.Groups["id"].Value != "2201") ended++;
            }
        }
    }

    // While a worker writes on, and across the log that was put aside when it had grown long.
    private static IEnumerable<string> Lines(string file)
    {
        foreach (var part in new[] { file + ".old", file })
        {
            if (!File.Exists(part)) continue;
            using var reader = new StreamReader(
                new FileStream(part, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            while (reader.ReadLine() is { } line) yield return line;
        }
    }

    // A job was begun, ended in one of four ways, or the worker is new.
    [GeneratedRegex(@"\.Worker\[(?<id>200[1-5]|2201)\] (?<job>\S+?):? (?:attempt (?<name>\S+)$)?", RegexOptions.CultureInvariant)]
    private static partial Regex Event();
}

/// <summary>An attempt that runs.</summary>
/// <param name="Job">Its job.</param>
/// <param name="Name">Its name, which no other has.</param>
internal sealed record RunningAttempt(string Job, string Name)
{
    /// <summary>What the job does, by its id <c>STAGE/ITERATION/KIND/SHARD</c>: <c>gradient-3</c> is the third step's gradient.</summary>
    public string Kind => Job.Split('/') is [.., var kind, _] ? kind.TrimEnd("0123456789".ToCharArray()).TrimEnd('-') : Job;
}

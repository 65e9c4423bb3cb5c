using System.Globalization;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>A job by what it has left in storage: its blobs' times, by their names below the job's folder.</summary>
/// <param name="Stage">The label of its stage.</param>
/// <param name="Iteration">Its iteration.</param>
/// <param name="Name">The kind as in its id, e.g. <c>gradient-3</c>.</param>
/// <param name="Shard">Its shard.</param>
internal sealed record JobBlobs(string Stage, int Iteration, string Name, int Shard)
{
    private static readonly string[] Numbered = [JobKinds.Gradient];

    /// <summary>Its blobs.</summary>
    public Dictionary<string, DateTimeOffset> Times { get; } = new(StringComparer.Ordinal);

    /// <summary>Its id.</summary>
    public string Id => JobId.Create(Stage, Iteration, Name, Shard);

    /// <summary>Its kind: the gradients of a step have its number in their ids, a stage's last evaluation its place.</summary>
    public string Kind => Numbered.FirstOrDefault(kind => Name.StartsWith(kind + "-", StringComparison.Ordinal))
        ?? (Name.StartsWith("final-", StringComparison.Ordinal) ? Name["final-".Length..] : Name);

    /// <summary>The jobs of a stage's iterations.</summary>
    /// <param name="blobs">Storage.</param>
    /// <param name="runId">The run.</param>
    /// <param name="stage">The stage's label.</param>
    /// <param name="from">The first iteration.</param>
    /// <param name="to">The last iteration.</param>
    /// <param name="cancellation">Stops.</param>
    public static async Task<IReadOnlyList<JobBlobs>> ListAsync(IBlobStore blobs, string runId, string stage, int from, int to,
        CancellationToken cancellation)
    {
        var jobs = new Dictionary<string, JobBlobs>(StringComparer.Ordinal);
        var root = BlobLayout.Job(runId, stage);
        foreach (var prefix in DigitPrefixes.Cover(from, to))
        {
            await foreach (var blob in blobs.ListAsync(root + prefix, cancellation))
            {
                // Stages within stages, such as students, lie below the name of the outer one: what follows is not a number then.
                if (blob.Path[root.Length..].Split('/', 4) is not [var iteration, var name, var shard, var file]
                    || !IsNumber(iteration, out var number) || number < from || number > to || !IsNumber(shard, out var place)) continue;
                var job = new JobBlobs(stage, number, name, place);
                if (!jobs.TryGetValue(job.Id, out var known)) jobs[job.Id] = known = job;
                known.Times[file] = blob.ModifiedAt;
            }
        }
        return [.. jobs.Values];
    }

    private static bool IsNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

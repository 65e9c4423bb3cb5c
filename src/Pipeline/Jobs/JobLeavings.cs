using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Jobs;

/// <summary>What jobs have left in storage: whether it is still there, and how it is put aside so that a job runs again.</summary>
internal static class JobLeavings
{
    private const string Manifest = "manifest.json";

    /// <summary>Whether all files of a result are there: those under <c>rollouts/</c> are deleted by their age.</summary>
    public static Task<bool> AreThereAsync(this IBlobStore blobs, JobResult result, CancellationToken cancellation) =>
        AreThereAsync(blobs, result.Outputs.Values.Select(output => output.EndsWith('/') ? output + Manifest : output), cancellation);

    /// <summary>Whether all files are there.</summary>
    public static async Task<bool> AreThereAsync(this IBlobStore blobs, IEnumerable<string> files, CancellationToken cancellation)
    {
        foreach (var file in files.Distinct())
        {
            if (!await blobs.ExistsAsync(file, cancellation)) return false;
        }
        return true;
    }

    /// <summary>Moves a job's result away, and the failures that count against it, so that it runs again.</summary>
    /// <param name="blobs">The blobs.</param>
    /// <param name="runId">The run.</param>
    /// <param name="result">The result.</param>
    /// <param name="why">Becomes part of the name under which it is kept.</param>
    /// <param name="cancellation">Stops.</param>
    public static async Task SetAsideAsync(this IBlobStore blobs, string runId, JobResult result, string why,
        CancellationToken cancellation)
    {
        var job = BlobLayout.Job(runId, result.JobId);
        await blobs.WriteJsonAsync($"{job}result.{why}.json", result, cancellation);
        // What the attempts left counts against the job; the result, which goes last, holds their number. An attempt's beginning goes
        // before its end, without which it would be a lost one.
        var words = new List<string>();
        await foreach (var blob in blobs.ListAsync(job + "attempts/", cancellation))
        {
            if (BlobLayout.AttemptWords.Any(word => blob.Path.EndsWith("/" + word, StringComparison.Ordinal))) words.Add(blob.Path);
        }
        foreach (var word in words.OrderBy(path => !path.EndsWith("/" + BlobLayout.StartedFile, StringComparison.Ordinal)))
            await blobs.DeleteAsync(word, cancellation);
        await blobs.DeleteAsync(BlobLayout.JobResult(runId, result.JobId), cancellation);
    }
}

using System.Text.Json;

namespace R1Cloud.Shared.Jobs;

/// <summary>A job's spec cannot be read by this program.</summary>
/// <param name="message">Why; names the versions of both.</param>
/// <param name="isHopeless">Whether no program could read it.</param>
/// <param name="inner">The cause.</param>
public sealed class UnreadableJobException(string message, bool isHopeless, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether no program could read it; else a newer one may.</summary>
    public bool IsHopeless { get; } = isHopeless;
}

/// <summary>Reads job specs: nothing of an order may be overlooked, so a field that this program does not know is refused.</summary>
public static class JobSpecs
{
    /// <summary>Reads a spec.</summary>
    /// <param name="jobId">The job, for messages.</param>
    /// <param name="json">The spec blob's content.</param>
    /// <exception cref="UnreadableJobException">It is of a newer version, has unknown fields or lacks some, or is not JSON.</exception>
    public static JobSpec Read(string jobId, BinaryData json)
    {
        ArgumentNullException.ThrowIfNull(json);
        if (StoredForms.VersionOf(json) is not { } version)
            throw new UnreadableJobException($"The spec of job '{jobId}' is no JSON object; no version of the program can read it.",
                isHopeless: true);
        var known = StoredForms.Of(typeof(JobSpec))!.Value;
        try
        {
            if (version > known) throw new NewerFormException("it", version, known);
            return JsonSerializer.Deserialize<JobSpec>(json, R1Json.Strict)!;
        }
        catch (Exception e) when (e is NewerFormException or JsonException or NotSupportedException)
        {
            // A missing kind comes as a NotSupportedException that speaks of types.
            var why = e is NotSupportedException ? "its payload has no 'kind' that is known here" : e.Message.TrimEnd('.');
            throw new UnreadableJobException(
                $"The spec of job '{jobId}', in form {version}, cannot be read by this worker of version {NewerFormException.Program}, "
                + $"which knows form {known}: {why}. " +
                "A worker of the orchestrator's version is needed.", isHopeless: false, e);
        }
    }

    /// <summary>Who waits for a job, as far as its spec can be read.</summary>
    public static JobNotify? NotifyOf(BinaryData json)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            return JsonSerializer.Deserialize<Waiter>(json, R1Json.Options)?.Notify;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Waiter(JobNotify? Notify = null);
}

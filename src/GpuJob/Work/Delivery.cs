namespace R1Cloud.GpuJob.Work;

/// <summary>What a delivery of a job came to.</summary>
internal enum Delivery
{
    /// <summary>The job is done, well or badly, or was done before.</summary>
    Finished,
    /// <summary>The attempt failed; the message comes again later.</summary>
    Failed,
    /// <summary>The attempt failed and may have damaged the process; the message comes again later.</summary>
    Tainted,
    /// <summary>The attempt gave way to a stop signal; the message is there again.</summary>
    Preempted,
    /// <summary>Another worker has the job.</summary>
    Lost,
    /// <summary>This worker cannot read the job; the message is there for another.</summary>
    Refused,
}

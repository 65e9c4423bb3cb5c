namespace R1Cloud.Orchestrator.BatchWorkers;

/// <summary>
/// What to do about what Batch reports, by words of its error codes; the first that fits is given. A word stands here only where all codes
/// that contain it have the cause that its advice names: none is better than a wrong one.
/// </summary>
internal static class BatchAdvice
{
    private const string TrainerImage =
        "check that the image exists in the registry under the digest in R1_IMAGE, and that the pool's identity has AcrPull";
    private const string NodeImage =
        "the pool's VM image cannot be had: check nodeImage and nodeAgentSkuId in the parameter file (az batch pool supported-images list)";

    private static readonly (string Word, string Advice)[] All =
    [
        ("LowPriorityCoreQuota",
            "ask for more spot cores in the Batch account's quotas (docs/azure.md, Quotas), or set dedicated nodes in the parameter file"),
        ("LowPriorityQuota", "ask for more spot cores in the Batch account's quotas (docs/azure.md, Quotas)"),
        ("CoreQuota",
            "ask for more cores of the pool's VM family in the Batch account's quotas (docs/azure.md, Quotas), or choose another vmSize"),
        ("Quota", "ask for a larger quota (docs/azure.md, Quotas)"),
        ("AllocationTimedout", "the region has no capacity just now: wait, choose another vmSize or region, or allow dedicated nodes"),
        ("AllocationFailed",
            "the region has no capacity for this VM size just now: wait, choose another vmSize or region, or allow dedicated nodes"),
        ("SkuNotAvailable", "the subscription cannot use this VM size in this region: choose another vmSize or region"),
        ("Overconstrained", "the region has no capacity for this VM size just now: choose another vmSize or region"),
        ("ContainerInvalidSettings", "the container's options are refused: correct R1_CONTAINER_OPTIONS (docs/azure.md, Settings)"),
        ("Registry", "check the registry's name and that the pool's identity has AcrPull on it"),
        ("ContainerImage", TrainerImage),
        ("ContainerInvalidImage", TrainerImage),
        ("ImagePull", TrainerImage),
        ("ImageReference", NodeImage),
        ("VMImage", NodeImage),
        ("ContainerPool", "the VM image has no container runtime: choose a nodeImage that has one (az batch pool supported-images list)"),
        ("StartTask",
            "the node's start task failed: its stderr.txt is on the node (portal: the pool's nodes); check network access and the VM "
            + "image"),
        ("DiskFull", "the node's disk is full: osDiskSizeGB holds images and containers, the disk of vmSize checkpoints on their way"),
        ("Unusable",
            "the node cannot be used: it is replaced; if all are, check the VM image, the virtual network's rules and access to storage "
            + "and registry"),
        ("AutoScale", "correct the pool's autoscale formula in infra/modules/batch.bicep and deploy again"),
        ("PoolNotFound", "the pool is missing: deploy infra again, or set R1_BATCH_POOL to the pool's name"),
        ("ActiveJob", "the Batch account has too many active jobs: delete old ones or ask for a larger quota"),
        ("Authorization", "the app's identity needs the roles of infra/modules/roles.bicep and batchRole.bicep on the Batch account"),
    ];

    /// <summary>A sentence: what happened, and what to do.</summary>
    /// <param name="what">What it happened to.</param>
    /// <param name="code">Batch's error code.</param>
    /// <param name="message">Batch's message.</param>
    public static string Explain(string what, string? code, string? message)
    {
        var said = (message ?? "").Split('\n')[0].Trim();
        var advice = All.FirstOrDefault(entry => code?.Contains(entry.Word, StringComparison.OrdinalIgnoreCase) == true).Advice;
        return $"{what}: {code}{(said.Length > 0 ? $" ({said})" : "")}{(advice is null ? "" : $" – {advice}")}";
    }
}

using Azure.Compute.Batch;
using Azure.Core;

namespace R1Cloud.Orchestrator.BatchWorkers;

/// <summary>Makes the client of the Batch account.</summary>
internal static class BatchClients
{
    /// <summary>The client of an account.</summary>
    /// <param name="endpoint">The account's address, with or without https://.</param>
    /// <param name="credential">Who signs in.</param>
    public static BatchClient Create(string endpoint, TokenCredential credential) =>
        new(new Uri(endpoint.Contains("://", StringComparison.Ordinal) ? endpoint : "https://" + endpoint), credential, Options());

    /// <summary>
    /// How calls survive that Batch is busy or away for a moment: six tries in about half a minute, later where Batch itself asks for it
    /// (Retry-After). What takes longer is left to the caller, who comes again.
    /// </summary>
    public static BatchClientOptions Options() => new()
    {
        Retry =
        {
            Mode = RetryMode.Exponential,
            MaxRetries = 5,
            Delay = TimeSpan.FromSeconds(1),
            MaxDelay = TimeSpan.FromSeconds(30),
            NetworkTimeout = TimeSpan.FromSeconds(30),
        },
    };
}

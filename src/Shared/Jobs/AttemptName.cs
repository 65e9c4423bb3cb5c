using System.Globalization;
using System.Text.RegularExpressions;

namespace R1Cloud.Shared.Jobs;

/// <summary>Names of attempts: which delivery it was, the worker, and what tells it from all others.</summary>
public static partial class AttemptName
{
    /// <summary>A new one.</summary>
    /// <param name="delivery">How often the queue has handed the job out.</param>
    /// <param name="worker">The worker's name.</param>
    public static string Create(long delivery, string worker) =>
        string.Create(CultureInfo.InvariantCulture, $"{delivery}-{worker}-{Guid.NewGuid().ToString("n")[..8]}");

    /// <summary>The worker in a name; null in a name of another form.</summary>
    public static string? WorkerOf(string name) => Form().Match(name) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex("^[0-9]+-(.+)-[0-9a-f]{8}$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}

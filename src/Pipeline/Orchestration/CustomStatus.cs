using System.Text.Json;

namespace R1Cloud.Pipeline.Orchestration;

/// <summary>What every host promises of custom statuses.</summary>
public static class CustomStatus
{
    /// <summary>
    /// The longest status, in UTF-16 characters of its JSON. Durable Task keeps a status in one property of a table and documents 16 KiB
    /// for it; a longer one would keep the whole decision from being committed, again and again.
    /// </summary>
    public const int MaxCharacters = 7_500;

    /// <summary>A status that fits.</summary>
    /// <param name="instanceId">The instance that publishes it.</param>
    /// <param name="status">The status; null for none.</param>
    /// <exception cref="CustomStatusTooLargeException">It is longer than <see cref="MaxCharacters"/>.</exception>
    public static JsonElement? Checked(string instanceId, JsonElement? status) =>
        status?.GetRawText().Length is > MaxCharacters and var characters
            ? throw new CustomStatusTooLargeException(instanceId, characters) : status;
}

/// <summary>An orchestrator published a custom status that no host need store. It fails the instance at once.</summary>
/// <param name="instanceId">The instance.</param>
/// <param name="characters">The status's length.</param>
public sealed class CustomStatusTooLargeException(string instanceId, int characters)
    : Exception(
        $"Instance '{instanceId}' publishes a custom status of {characters} characters; at most {CustomStatus.MaxCharacters} are allowed.");

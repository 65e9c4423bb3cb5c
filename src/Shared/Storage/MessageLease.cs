using System.Text.Json;

namespace R1Cloud.Shared.Storage;

/// <summary>
/// The message that a process holds, in a file of its own machine: when the process dies, its supervisor gives the message back by the
/// receipt, instead of waiting until it lapses.
/// </summary>
/// <param name="Queue">The queue's name.</param>
/// <param name="Message">The message as last renewed.</param>
/// <param name="ProcessId">Who holds it.</param>
public sealed record MessageLease(string Queue, QueueMessage Message, int ProcessId)
{
    /// <summary>Writes it, in one step.</summary>
    /// <exception cref="StorageException">The file cannot be written.</exception>
    public Task WriteAsync(string file) => LocalFiles.TryReplaceAsync(file, async stream =>
    {
        await JsonSerializer.SerializeAsync(stream, this, R1Json.Options);
        return true;
    });

    /// <summary>Reads one; null when there is none, or it cannot be read: then the message lapses by itself.</summary>
    public static MessageLease? TryRead(string file)
    {
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize<MessageLease>(File.ReadAllBytes(file), R1Json.Options) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Removes the file: the message is held no more.</summary>
    public static void Remove(string file) => LocalFiles.TryDelete(file);
}

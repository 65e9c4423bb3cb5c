using System.Text;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace R1Cloud.Shared.Storage;

/// <summary>
/// A queue of Azure Storage or Azurite. Texts travel as base64, which queue triggers of Azure Functions expect by default; a text that
/// is no base64 (put there by hand) is received as it is, so that it can be dealt with rather than block the queue.
/// </summary>
/// <param name="queue">The queue's client, with message encoding <see cref="QueueMessageEncoding.None"/>.</param>
public sealed class AzureMessageQueue(QueueClient queue) : IMessageQueue
{
    private const int MaxTextBytes = 48 << 10;

    // Strict, so that bytes which are not text are seen as such.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <inheritdoc/>
    public string Name => queue.Name;

    /// <inheritdoc/>
    public Task EnsureCreatedAsync(CancellationToken cancellation = default) =>
        RunAsync("creating", cancellation, () => queue.CreateIfNotExistsAsync(cancellationToken: cancellation));

    /// <inheritdoc/>
    public Task<SentMessage> SendAsync(string text, TimeSpan? delay = null, CancellationToken cancellation = default)
    {
        var bytes = Utf8.GetBytes(text);
        return bytes.Length > MaxTextBytes
            ? throw new StorageException(
                $"A message of {bytes.Length} bytes does not fit queue '{Name}': at most {MaxTextBytes} are allowed.")
            // Never expires: a run may be paused for longer than the default of seven days.
            : RunAsync("sending to", cancellation, async () =>
            {
                var sent = await queue.SendMessageAsync(Convert.ToBase64String(bytes), delay, TimeSpan.FromSeconds(-1), cancellation);
                return new SentMessage(sent.Value.MessageId, sent.Value.PopReceipt);
            });
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<QueueMessage>> ReceiveAsync(int max, TimeSpan visibility, CancellationToken cancellation = default) =>
        RunAsync("receiving from", cancellation, async () =>
        {
            var messages = (await queue.ReceiveMessagesAsync(max, visibility, cancellation)).Value;
            return (IReadOnlyList<QueueMessage>)Array.ConvertAll(
                messages, message =>
                    new QueueMessage(message.MessageId, message.PopReceipt, Decode(message.MessageText), message.DequeueCount,
                        message.InsertedOn));
        });

    /// <inheritdoc/>
    public Task<QueueMessage?> RenewAsync(QueueMessage message, TimeSpan visibility, CancellationToken cancellation = default) =>
        RunAsync("renewing a message of", cancellation, async () =>
        {
            try
            {
                var receipt =
                    await queue.UpdateMessageAsync(message.Id, message.Receipt, messageText: (string?)null, visibility, cancellation);
                return message with { Receipt = receipt.Value.PopReceipt };
            }
            catch (RequestFailedException e) when (IsLost(e))
            {
                return null;
            }
        });

    /// <inheritdoc/>
    public Task DeleteAsync(QueueMessage message, CancellationToken cancellation = default) =>
        RunAsync("deleting a message of", cancellation, async () =>
        {
            try
            {
                await queue.DeleteMessageAsync(message.Id, message.Receipt, cancellation);
                return true;
            }
            catch (RequestFailedException e) when (IsLost(e))
            {
                return false;
            }
        });

    /// <inheritdoc/>
    /// <remarks>
    /// Storage cannot be asked for a message by its id. But it tells a receipt that is no longer good from a message that is gone; and
    /// where the receipt still is, nobody has taken the message, which is then shown as it was.
    /// </remarks>
    public Task<bool> HoldsAsync(SentMessage message, CancellationToken cancellation = default) =>
        RunAsync("looking for a message of", cancellation, async () =>
        {
            try
            {
                await queue.UpdateMessageAsync(message.Id, message.Receipt, messageText: (string?)null, TimeSpan.Zero, cancellation);
                return true;
            }
            catch (RequestFailedException e) when (IsLost(e))
            {
                return e.ErrorCode == QueueErrorCode.PopReceiptMismatch;
            }
        });

    /// <inheritdoc/>
    public Task<int> CountAsync(CancellationToken cancellation = default) =>
        RunAsync("counting the messages of", cancellation,
            async () => (await queue.GetPropertiesAsync(cancellation)).Value.ApproximateMessagesCount);

    /// <inheritdoc/>
    public Task DropAsync(CancellationToken cancellation = default) =>
        RunAsync("removing", cancellation, () => queue.DeleteIfExistsAsync(cancellation));

    private static bool IsLost(RequestFailedException error) =>
        error.ErrorCode == QueueErrorCode.MessageNotFound || error.ErrorCode == QueueErrorCode.PopReceiptMismatch
            || error.ErrorCode == QueueErrorCode.QueueNotFound;

    private static string Decode(string text)
    {
        var bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out var length)) return text;
        try
        {
            return Utf8.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return text;
        }
    }

    private Task<T> RunAsync<T>(string operation, CancellationToken cancellation, Func<Task<T>> run) =>
        AzureErrors.RunAsync($"{operation} queue '{Name}'", queue.Uri, cancellation, run);
}

using System.Text.Json.Nodes;
using R1Cloud.Shared;

namespace R1Cloud.Tokenizers.Chat;

/// <summary>
/// Finds where a rendered conversation's last message ends, as transformers' <c>continue_final_message</c> does: the model goes on from
/// there.
/// </summary>
internal static class FinalMessage
{
    // A template may trim the message: then the space behind the mark is gone, and so is that before it.
    private const string End = "CONTINUE_FINAL_MESSAGE_TAG", Space = " ";

    /// <summary>The messages with a mark at the end of the last one.</summary>
    /// <exception cref="BadInputException">There is no such message, or it is to be answered as well.</exception>
    public static JsonArray Mark(ChatRequest chat)
    {
        if (chat.AddGenerationPrompt)
            throw new BadInputException(
                "continue_final_message and add_generation_prompt exclude each other: either the last message goes on, or it is answered.");
        var messages = chat.Messages.DeepClone().AsArray();
        if (messages is not [.., JsonObject last] || last["content"] is not JsonValue content || !content.TryGetValue(out string? text))
            throw new BadInputException("continue_final_message: the last message must have a text as its content.");
        last["content"] = text + End + Space;
        return messages;
    }

    /// <summary>The text up to the mark.</summary>
    /// <exception cref="BadInputException">The template left the message out.</exception>
    public static string Cut(string text, char guard)
    {
        var at = text.LastIndexOf(End, StringComparison.Ordinal);
        if (at < 0) throw new BadInputException("continue_final_message: the chat template does not write the last message's content.");
        var before = text[..at].TrimEnd(guard);
        return text.AsSpan(at + End.Length).StartsWith(Space) ? before : before.TrimEnd();
    }
}

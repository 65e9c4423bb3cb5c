using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Tokenizers.Chat;

namespace R1Cloud.Tokenizers.Prompts;

/// <summary>
/// Puts problems as the tokenizer's chat template does. A row's messages keep their roles; the recipe's system message stands where the row
/// has none.
/// </summary>
/// <param name="prompt">The recipe's words.</param>
/// <param name="templates">The tokenizer's templates.</param>
internal sealed class ChatForm(PromptRecipe prompt, ChatTemplates templates)
{
    private const string System = "system", User = "user", Assistant = "assistant", Mark = "R1_ASSISTANT_TURN";

    private readonly Lazy<string> opening = new(() => OpeningOf(prompt, templates));

    // The roles whose messages the template was seen to write.
    private readonly ConcurrentDictionary<string, bool> written = new();

    /// <summary>A problem's prompt. One whose last message is the assistant's goes on with that.</summary>
    /// <exception cref="BadInputException">The template fails or refuses the messages.</exception>
    public EncodedPrompt Encode(PromptText problem)
    {
        var messages = problem.Messages is { } given
            ? new JsonArray([.. given.Select(message => (JsonNode?)JsonObject.Create(message))])
            : new JsonArray(Message(User, problem.Text));
        if (prompt.System is { } system && Role(messages, 0) is not (System or "developer")) messages.Insert(0, Message(System, system));
        // The template writes the begin mark itself.
        var tools = problem.Tools is { } listed ? new JsonArray([.. listed.Select(tool => (JsonNode?)JsonObject.Create(tool))]) : null;
        if (Role(messages, messages.Count - 1) == Assistant)
            return new(Encode(new ChatRequest(messages, Tools: tools) { ContinueFinalMessage = true }).Ids,
                (string?)messages[^1]!["content"] ?? "");
        var chat = new ChatRequest(messages, AddGenerationPrompt: true, Tools: tools);
        var rendered = Encode(chat);
        RequireWritten(User, chat, rendered.Text, "the chat template writes nothing of the user's messages.");
        RequireWritten(System, chat, rendered.Text, "the chat template writes nothing of system messages: leave prompt.system and those of "
            + "rows out.");
        return new(rendered.Ids, rendered.Text.EndsWith(opening.Value, StringComparison.Ordinal) ? opening.Value : "");
    }

    // A template that leaves a role's messages out would have the model asked nothing, or a setting do nothing, in silence.
    private void RequireWritten(string role, ChatRequest chat, string text, string otherwise)
    {
        if (written.ContainsKey(role) || !chat.Messages.Any(message => IsOf(message, role))) return;
        var more = chat with { Messages = [.. chat.Messages.Select(message => message!.DeepClone())] };
        foreach (var message in more.Messages.Where(message => IsOf(message, role)))
            message!["content"] = $"{(string?)message["content"]} {Mark}";
        if (Rendered(more) == text) throw new BadInputException(otherwise);
        written[role] = true;

        static bool IsOf(JsonNode? message, string role) => (string?)message!["role"] == role && message["content"] is JsonValue content
            && content.GetValueKind() == JsonValueKind.String && (string?)content is { Length: > 0 };
    }

    // A template that knows no tools would leave them out in silence.
    private RenderedChat Encode(ChatRequest chat)
    {
        var told = templates.Encode(chat);
        return chat.Tools is null || told.Text != Rendered(chat with { Tools = null })
            ? told : throw new BadInputException("the row has tools, and the chat template writes nothing of them: leave the column out.");
    }

    // Null where the template refuses, as one may that cannot do without tools.
    private string? Rendered(ChatRequest chat)
    {
        try
        {
            return templates.Render(chat);
        }
        catch (BadInputException)
        {
            return null;
        }
    }

    // What the template writes behind the head of the assistant's turn, or from where it opens the thinking. It is asked with a problem of
    // no meaning, which a template may refuse: then only what is open at the end is known.
    private static string OpeningOf(PromptRecipe prompt, ChatTemplates templates)
    {
        JsonArray Ask(params JsonNode[] more) =>
            [.. prompt.System is { } system ? (JsonNode[])[Message(System, system)] : [], Message(User, "?"), .. more];
        try
        {
            var asked = templates.Render(new ChatRequest(Ask(), AddGenerationPrompt: true));
            var before = templates.Render(new ChatRequest(Ask()));
            var answered = templates.Render(new ChatRequest(Ask(Message(Assistant, Mark))));
            var starts = new List<int>();
            if (answered.IndexOf(Mark, StringComparison.Ordinal) is > 0 and var head
                && asked.StartsWith(answered[..head], StringComparison.Ordinal)) starts.Add(head);
            if (asked.StartsWith(before, StringComparison.Ordinal)
                && asked.IndexOf(ThinkingTurn.Think, before.Length, StringComparison.Ordinal) is >= 0 and var think) starts.Add(think);
            var found = starts.Count > 0 ? asked[starts.Min()..] : ThinkingTurn.OpenedBy(asked);
            return string.IsNullOrWhiteSpace(found) ? "" : found;
        }
        catch (BadInputException)
        {
            return "";
        }
    }

    private static string? Role(JsonArray messages, int at) => messages.Count == 0 ? null : (string?)messages[at]!["role"];

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}

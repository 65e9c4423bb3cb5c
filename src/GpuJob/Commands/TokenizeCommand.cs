using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Terminal;
using R1Cloud.Tokenizers;
using R1Cloud.Tokenizers.Chat;
using R1Cloud.Tokenizers.Json;

namespace R1Cloud.GpuJob.Commands;

/// <summary><c>gpujob tokenize</c>: texts and chats to token ids and back, JSON lines in and out.</summary>
internal static class TokenizeCommand
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Fields of a line that are not variables of the template.
    private static readonly HashSet<string> Own =
        ["messages", "tools", "documents", "add_generation_prompt", "continue_final_message", "template", "options",
            "chat_template_kwargs"];

    /// <summary>The command.</summary>
    public static Command Create(CommandStreams context)
    {
        var folder = new Option<string>("--tokenizer")
        {
            Required = true, HelpName = "DIR",
                Description = "A model's folder in Hugging Face layout, with tokenizer.json, or hf:ORG/NAME[@REVISION].",
        };
        var template = new Option<string?>("--chat-template") { HelpName = "FILE",
            Description = "A chat template (Jinja) in place of the tokenizer's own." };
        var command = new ExampleCommand(
            "tokenize",
            "Reads JSON lines, {\"text\": …} or {\"messages\": […]} (with tools, add_generation_prompt, template and the template's "
            + "variables as you need), and writes their ids and what those decode to.",
            "echo '{\"text\": \"2 + 2 =\"}' | gpujob tokenize --tokenizer ./Qwen3-0.6B",
            "echo '{\"messages\": [{\"role\": \"user\", \"content\": \"2 + 2?\"}], \"add_generation_prompt\": true}' | gpujob tokenize "
            + "--tokenizer ./Qwen3-0.6B")
        { folder, template };
        command.SetAction((parsed, cancel) => RunAsync(context, parsed.GetValue(folder)!, parsed.GetValue(template), cancel));
        return command;
    }

    private static async Task<int> RunAsync(CommandStreams context, string folder, string? templateFile, CancellationToken cancel)
    {
        var tokenizer = TokenizerLoader.Load(await new HubArguments(context).FolderAsync(folder, weights: false));
        var template = templateFile is null ? null : File.Exists(templateFile)
            ? await File.ReadAllTextAsync(templateFile, cancel)
            : throw new BadInputException($"--chat-template: there is no file '{templateFile}'.");
        var chats = new Lazy<ChatTemplates>(() => tokenizer is HuggingFaceTokenizer real
            ? new ChatTemplates(real)
            : throw new BadInputException($"{folder}: a symbol tokenizer has no chat template."));
        for (var number = 1; await context.Input.ReadLineAsync(cancel) is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                await context.Output.WriteLineAsync(Answer(line, tokenizer, chats, template).ToJsonString(Readable));
            }
            catch (Exception e) when (e is BadInputException or JsonException or InvalidOperationException or ArgumentException)
            {
                throw new BadInputException($"line {number}: {e.Message}", e);
            }
        }
        return ExitCodes.Done;
    }

    private static JsonObject Answer(string line, ITokenizer tokenizer, Lazy<ChatTemplates> chats, string? template)
    {
        if (JsonNode.Parse(LoneSurrogates.Replace(line.TrimStart('\uFEFF'))) is not JsonObject request)
            throw new BadInputException("it must be a JSON object.");
        var answer = new JsonObject();
        int[] ids;
        if (request["messages"] is not null)
        {
            // A template writes the begin mark itself.
            (var rendered, ids) = chats.Value.Encode(Chat(request, template));
            answer["text"] = rendered;
        }
        else
        {
            var text = Field<string>(request, "text", "a text") ?? throw new BadInputException("field 'text' or 'messages' is missing.");
            ids = Field<bool?>(request, "add_special_tokens", "true or false") ?? false
                ? tokenizer.EncodeMarked(text) : tokenizer.Encode(text);
        }
        answer["ids"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]);
        answer["decoded"] = tokenizer.Decode(ids, keepSpecial: true);
        return answer;
    }

    private static ChatRequest Chat(JsonObject request, string? template)
    {
        var variables = request.Where(field => !Own.Contains(field.Key)).ToDictionary();
        foreach (var more in (string[])["options", "chat_template_kwargs"])
        {
            foreach (var (name, value) in Field<JsonObject>(request, more, "an object") ?? []) variables[name] = value;
        }
        var tools = variables.Remove("tools", out var optional) ? optional as JsonArray : null;
        return new ChatRequest(
            Field<JsonArray>(request, "messages", "an array")!,
            Field<bool?>(request, "add_generation_prompt", "true or false") ?? false,
            Field<JsonArray>(request, "tools", "an array") ?? tools,
            Field<JsonArray>(request, "documents", "an array"),
            Field<string>(request, "template", "a text") ?? template)
        { Variables = variables, ContinueFinalMessage = Field<bool?>(request, "continue_final_message", "true or false") ?? false };
    }

    private static T? Field<T>(JsonObject request, string name, string allowed)
    {
        if (request[name] is not { } value) return default;
        if (value is T node) return node;
        return value is JsonValue scalar && scalar.TryGetValue<T>(out var typed)
            ? typed
            : throw new BadInputException(
                $"field '{name}' is {(value.ToJsonString() is { Length: > 80 } text ? text[..80] + "…" : value.ToJsonString())}, but must "
                + $"be {allowed}.");
    }
}

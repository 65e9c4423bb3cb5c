using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Shared;
using R1Cloud.Tokenizers.Jinja;
using R1Cloud.Tokenizers.Json;

namespace R1Cloud.Tokenizers.Chat;

/// <summary>The chat templates of a tokenizer: how messages become the text that its model was trained on.</summary>
internal sealed class ChatTemplates
{
    private const string Default = "default", ToolUse = "tool_use";

    private readonly Dictionary<string, (string File, string Source)> sources = [];
    private readonly Dictionary<string, JinjaTemplate> parsed = [];
    private readonly IReadOnlyDictionary<string, string> specialTokens;
    private readonly HuggingFaceTokenizer tokenizer;
    private readonly string folder;
    private readonly TimeProvider clock;

    /// <summary>
    /// Finds the templates of a tokenizer: <c>chat_template.jinja</c>, <c>additional_chat_templates/</c>, <c>tokenizer_config.json</c>,
    /// <c>chat_template.json</c>.
    /// </summary>
    /// <param name="tokenizer">A loaded tokenizer.</param>
    /// <param name="clock">The time that templates may ask for.</param>
    /// <exception cref="BadInputException">A field is malformed.</exception>
    public ChatTemplates(HuggingFaceTokenizer tokenizer, TimeProvider? clock = null)
    {
        (this.tokenizer, this.clock) = (tokenizer, clock ?? TimeProvider.System);
        var files = tokenizer.Files;
        specialTokens = tokenizer.Special.Names;
        folder = Path.GetDirectoryName(files.FullName(TokenizerFiles.Tokenizer))!;
        Add(files.Json("chat_template.json"));
        Add(files.Json(TokenizerFiles.Settings));
        foreach (var name in files.Names.Where(name => name.EndsWith(".jinja", StringComparison.Ordinal)))
            sources[name == TokenizerFiles.ChatTemplate ? Default : Path.GetFileNameWithoutExtension(name)] =
                (files.FullName(name), files.Text(name)!);
    }

    /// <summary>The templates' names.</summary>
    public IReadOnlyCollection<string> Names => sources.Keys;

    /// <summary>Renders messages.</summary>
    /// <param name="chat">The messages, and how to render them.</param>
    /// <exception cref="BadInputException">There is no such template, or it fails; names template and line.</exception>
    public string Render(ChatRequest chat) => Encode(chat).Text;

    /// <summary>
    /// Renders messages into ids. The template's marks are control tokens; those that a message, a tool or a document spells out are
    /// letters.
    /// </summary>
    /// <param name="chat">The messages, and how to render them.</param>
    /// <exception cref="BadInputException">There is no such template, or it fails; names template and line.</exception>
    public RenderedChat Encode(ChatRequest chat)
    {
        var guard = TextGuard.Absent([.. JsonTexts.Of([chat.Messages, chat.Tools, chat.Documents])]);
        var text = Write(chat, value => tokenizer.Guarded(value, guard));
        if (chat.ContinueFinalMessage) text = FinalMessage.Cut(text, guard);
        return new(TextGuard.Remove(text, guard), tokenizer.Encode(text, guard));
    }

    private string Write(ChatRequest chat, Func<string, string> guarded)
    {
        var variables = new Dictionary<string, object?>();
        foreach (var (name, token) in specialTokens) variables[name] = token;
        variables["messages"] =
            Values.FromJson(JsonTexts.Map(chat.ContinueFinalMessage ? FinalMessage.Mark(chat) : chat.Messages, guarded));
        variables["tools"] = Values.FromJson(JsonTexts.Map(chat.Tools, guarded));
        variables["documents"] = Values.FromJson(JsonTexts.Map(chat.Documents, guarded));
        variables["add_generation_prompt"] = chat.AddGenerationPrompt;
        foreach (var (name, value) in chat.Variables) variables[name] = Values.FromJson(value);
        return Template(chat).Render(variables, clock);
    }

    private JinjaTemplate Template(ChatRequest chat)
    {
        // A name if there is such a template; else a template itself.
        var name = chat.Template ?? (chat.Tools is not null && sources.ContainsKey(ToolUse) ? ToolUse : Default);
        if (parsed.TryGetValue(name, out var known)) return known;
        if (sources.TryGetValue(name, out var found)) return parsed[name] = new JinjaTemplate(found.File, found.Source);
        if (name.Contains('{', StringComparison.Ordinal)) return parsed[name] = new JinjaTemplate("the given template", name);
        var has = sources.Count == 0 ? "it has none" : $"it has: {string.Join(", ", sources.Keys)}";
        throw new BadInputException(
            $"{folder}: there is no chat template '{name}'; {has}. Templates are read from {TokenizerFiles.Settings} (chat_template) "
            + $"and {TokenizerFiles.ChatTemplate}.");
    }

    private void Add(Component? file)
    {
        if (file?.Optional("chat_template") is not { } field) return;
        if (field.Element.ValueKind == JsonValueKind.Array)
        {
            foreach (var named in file.Items("chat_template").GroupBy(part => part.Text("name"), StringComparer.Ordinal))
            {
                var sources = named.Select(part => (File: $"{file.File} ({part.Path})", Source: part.Text("template"))).ToList();
                if (sources.Find(other => other.Source != sources[0].Source).File is { } twin)
                {
                    throw new BadInputException(
                        $"{twin}: its name '{named.Key}' is also that of {sources[0].File}: one name, one template.");
                }
                this.sources[named.Key] = sources[0];
            }
        }
        else
        {
            sources[Default] = ($"{file.File} (chat_template)", field.AsText());
        }
    }
}

/// <summary>Messages to render.</summary>
/// <param name="Messages">The messages, each with a role and a content.</param>
/// <param name="AddGenerationPrompt">Whether the text goes on to where the assistant's answer begins.</param>
/// <param name="Tools">Descriptions of tools, if any.</param>
/// <param name="Documents">Documents, if any.</param>
/// <param name="Template">A template's name, or a template; the tokenizer's own unless given.</param>
internal sealed record ChatRequest(JsonArray Messages, bool AddGenerationPrompt = false, JsonArray? Tools = null,
    JsonArray? Documents = null, string? Template = null)
{
    /// <summary>
    /// Whether the text ends where the last message's content does, so that the model goes on with it; not together with
    /// <see cref="AddGenerationPrompt"/>.
    /// </summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>Further variables, such as <c>enable_thinking</c>.</summary>
    public IReadOnlyDictionary<string, JsonNode?> Variables { get; init; } = new Dictionary<string, JsonNode?>();
}

/// <summary>Rendered messages.</summary>
/// <param name="Text">As text.</param>
/// <param name="Ids">As ids.</param>
internal sealed record RenderedChat(string Text, int[] Ids);

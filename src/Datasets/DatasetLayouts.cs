using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Datasets;

/// <summary>Brings the columns of public data sets to one form: each layout is a small function.</summary>
internal static partial class DatasetLayouts
{
    private delegate LaidOut Layout(Columns columns);

    // A problem's text, its answer, what tells it from others where that is not its text, and columns to add for the rewards.
    private sealed record LaidOut(string Prompt, string Answer, string? Key = null, IReadOnlyDictionary<string, JsonElement>? More = null,
        string? Completion = null, string Variant = "", IReadOnlyList<JsonElement>? Messages = null);

    private static readonly Dictionary<DatasetLayout, Layout> Layouts = new()
    {
        [DatasetLayout.Plain] = Plain,
        [DatasetLayout.Completions] = Completions,
        [DatasetLayout.Gsm8k] = Gsm8k,
        [DatasetLayout.Math] = Math,
        [DatasetLayout.Countdown] = Countdown,
        [DatasetLayout.HumanEval] = HumanEval,
        [DatasetLayout.Mbpp] = Mbpp,
        [DatasetLayout.Preferences] = Preferences,
        [DatasetLayout.Labels] = Labels,
    };

    /// <summary>A raw row in the one form, or null with problems added.</summary>
    public static DataRow? Read(DatasetLayout layout, string file, RawRow raw, ICollection<DataProblem> problems)
    {
        try
        {
            var columns = new Columns(raw.Columns);
            var row = Layouts[layout](columns);
            if (string.IsNullOrWhiteSpace(row.Prompt)) throw new ColumnException("", "the problem's text is empty");
            var fields = new Dictionary<string, JsonElement>(raw.Columns, StringComparer.Ordinal);
            foreach (var (name, value) in row.More ?? new Dictionary<string, JsonElement>()) fields[name] = value;
            return new DataRow
            {
                File = file, Number = raw.Number, Prompt = row.Prompt, Messages = row.Messages, Answer = row.Answer,
                    Key = row.Key ?? row.Prompt, Variant = row.Variant, Fields = fields,
                Completion = row.Completion, Domain = columns.TextOrNull("domain"), PassRate = PassRate(columns),
            };
        }
        catch (ColumnException e)
        {
            problems.Add(new(file, raw.Number, e.Column, e.Message));
            return null;
        }
        catch (InvalidOperationException e) // half a surrogate pair, written as an escape
        {
            problems.Add(new(file, raw.Number, "", $"has text that is no Unicode: {e.Message}"));
            return null;
        }
    }

    /// <summary>The text of a row whose layout is not known, for finding it again elsewhere.</summary>
    public static DataRow? EvaluationText(string file, RawRow raw, ICollection<DataProblem> problems)
    {
        try
        {
            var columns = new Columns(raw.Columns);
            var text = columns.TextOrNull("prompt", "question", "problem", "text")
                ?? (columns.Find("nums") is null && columns.Find("numbers") is null ? Asked(columns).Text : Countdown(columns).Key!);
            return new DataRow { File = file, Number = raw.Number, Prompt = text, Answer = "", Key = text, Fields = raw.Columns,
                PassRate = PassRate(columns) };
        }
        catch (ColumnException e)
        {
            problems.Add(new(file, raw.Number, e.Column, e.Message));
            return null;
        }
    }

    private static double? PassRate(Columns columns)
    {
        if (columns.Find("pass_rate") is not { } value) return null;
        return value.ValueKind == JsonValueKind.Number && value.GetDouble() is >= 0 and <= 1 and var rate
            ? rate : throw new ColumnException("pass_rate", $"{Columns.Show(value)} is not allowed: a number from 0 to 1");
    }

    private static LaidOut Plain(Columns columns)
    {
        var (prompt, conversation) = columns.TextOrNull("prompt", "question", "problem") is { } text ? (text, null) : Asked(columns);
        var answer = columns.AnswerOrNull("answer");
        string[] judges = ["tests", "instruction_id_list", "target"];
        if (answer is null && judges.All(judge => columns.Find(judge) is null))
            throw new ColumnException("answer", $"is missing: a text or a number, or one of {string.Join(", ", judges)}");
        if (columns.Find("tests") is { ValueKind: not JsonValueKind.Array } tests)
            throw new ColumnException("tests", $"{Columns.Show(tests)} is not allowed: a list");
        return new(prompt, answer ?? columns.AnswerOrNull("target") ?? "", Messages: conversation);
    }

    private static LaidOut Completions(Columns columns)
    {
        var answer = columns.AnswerOrNull("answer") ?? "";
        if (columns.TextOrNull("prompt", "question", "problem") is { } prompt)
            return Filled(prompt, columns.Text("completion", "response", "output"));
        var messages = Conversation(columns, lastRole: "assistant");
        return messages.Count > 1
            ? Filled(Joined(messages.SkipLast(1)), Content(messages[^1]), [.. messages.SkipLast(1)])
            : throw new ColumnException("messages", "has only the assistant's message: one that it answers is expected before it");

        LaidOut Filled(string prompt, string completion, IReadOnlyList<JsonElement>? conversation = null) =>
            string.IsNullOrWhiteSpace(completion)
            ? throw new ColumnException("completion", "is empty: a text to learn from")
            : new(prompt, answer, Completion: completion, Messages: conversation);
    }

    // The conversation up to the last word of the user, or up to one of the assistant's that is to go on: as one text, and for chat
    // templates as it is.
    private static (string Text, IReadOnlyList<JsonElement> Messages) Asked(Columns columns)
    {
        var messages =
            Conversation(columns,
                lastRole: columns.Find("continue_final_message") is { ValueKind: JsonValueKind.True } ? "assistant" : "user");
        return (Joined(messages), messages);
    }

    private static string Joined(IEnumerable<JsonElement> messages) => string.Join("\n\n", messages.Select(Content));

    private static string Content(JsonElement message) => message.GetProperty("content").GetString()!;

    private static List<JsonElement> Conversation(Columns columns, string lastRole)
    {
        if (columns.Find("messages") is not { } messages)
            throw new ColumnException("prompt", "is missing: a text in prompt, question or problem, or a list in messages");
        if (messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
            throw new ColumnException("messages", $"{Columns.Show(messages)} is not allowed: a list of messages, at least one");
        foreach (var message in messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("role", out var role)
                || role.ValueKind != JsonValueKind.String
                || !message.TryGetProperty("content", out var content) || content.ValueKind != JsonValueKind.String)
                throw new ColumnException("messages",
                    $"{Columns.Show(message)} is not allowed: an object with role and content, texts both");
        }
        if (columns.Find("tools") is { } tools
            && (tools.ValueKind != JsonValueKind.Array || tools.EnumerateArray().Any(tool => tool.ValueKind != JsonValueKind.Object)))
            throw new ColumnException("tools", $"{Columns.Show(tools)} is not allowed: a list of objects, as chat templates want them");
        var last = messages[messages.GetArrayLength() - 1].GetProperty("role").GetString();
        return last == lastRole
            ? [.. messages.EnumerateArray()]
            : throw new ColumnException("messages", $"ends with the role \"{last}\": the last message is the {lastRole}'s");
    }

    private static LaidOut Gsm8k(Columns columns)
    {
        const string mark = "####";
        var solution = columns.Text("answer");
        var at = solution.LastIndexOf(mark, StringComparison.Ordinal);
        if (at < 0) throw new ColumnException("answer", $"has no \"{mark}\" before the final answer, as GSM8K has");
        var answer = solution[(at + mark.Length)..].Trim().Replace(",", "", StringComparison.Ordinal);
        return answer.Length > 0
            ? new(columns.Text("question"), answer) : throw new ColumnException("answer", $"has nothing after \"{mark}\"");
    }

    private static LaidOut Math(Columns columns)
    {
        var answer = columns.AnswerOrNull("answer") ?? LastBoxed(columns.Text("solution"))
            ?? throw new ColumnException("solution", "has no closed \\boxed{…}, and there is no answer");
        return new(columns.Text("problem", "question"), answer);
    }

    private static LaidOut Countdown(Columns columns)
    {
        var numbers = columns.Numbers("nums", "numbers");
        var target = columns.Number("target");
        var list = string.Join(", ", numbers);
        var prompt = columns.TextOrNull("prompt", "question")
            ?? $"Using the numbers [{list}], create an equation that equals {target}. You can use basic arithmetic operations (+, -, *, "
                + $"/) and each number can only be used once.";
        return new(prompt, target.ToString(CultureInfo.InvariantCulture), $"countdown {string.Join(' ', numbers.Order())} to {target}",
            new Dictionary<string, JsonElement> { ["nums"] = JsonSerializer.SerializeToElement(numbers),
                ["target"] = JsonSerializer.SerializeToElement(target) });
    }

    // The completion goes on from the prompt; its tests define check(candidate).
    private static LaidOut HumanEval(Columns columns)
    {
        var (prompt, entry, test) = (columns.Text("prompt"), columns.Text("entry_point"), columns.Text("test"));
        return new(prompt, "", More: Tests([$"{test}\n\ncheck({entry})"]));
    }

    private static LaidOut Mbpp(Columns columns)
    {
        var tests = columns.Texts("test_list");
        if (columns.TextOrNull("test_setup_code") is { Length: > 0 } setup) tests = [.. tests.Select(test => $"{setup}\n{test}")];
        return new($"{columns.Text("text", "prompt")}\nYour code should pass these "
            + $"tests:\n\n{string.Join('\n', columns.Texts("test_list"))}", "", Key: columns.Text("text", "prompt"), More: Tests(tests));
    }

    private static LaidOut Preferences(Columns columns)
    {
        var (chosen, rejected) = (columns.Text("chosen"), columns.Text("rejected"));
        if (chosen == rejected) throw new ColumnException("rejected", "is the chosen response: the two must differ");
        if (columns.Find("gap") is { ValueKind: not JsonValueKind.Number } gap)
            throw new ColumnException("gap", $"{Columns.Show(gap)} is not allowed: a number");
        var (prompt, messages) = PromptOf(columns);
        return new(prompt, "", Variant: $"{chosen}\n{rejected}", Messages: messages);
    }

    private static LaidOut Labels(Columns columns)
    {
        var response = columns.Text("response");
        if (columns.Find("safe") is not { ValueKind: JsonValueKind.True or JsonValueKind.False })
            throw new ColumnException("safe",
                columns.Find("safe") is { } wrong ? $"{Columns.Show(wrong)} is not allowed: true or false" : "is missing: true or false");
        var (prompt, messages) = PromptOf(columns);
        return new(prompt, "", Variant: response, Messages: messages);
    }

    private static (string Text, IReadOnlyList<JsonElement>? Messages) PromptOf(Columns columns) =>
        columns.TextOrNull("prompt", "question") is { } text ? (text, null) : Asked(columns);

    private static Dictionary<string, JsonElement> Tests(IReadOnlyList<string> tests) =>
        new() { ["tests"] = JsonSerializer.SerializeToElement(tests), ["language"] = JsonSerializer.SerializeToElement("python") };

    private static string? LastBoxed(string text)
    {
        var match = Boxed().Matches(text).LastOrDefault();
        if (match is null) return null;
        var start = match.Index + match.Length;
        for (int at = start, depth = 1; at < text.Length; at++)
        {
            depth += text[at] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0) return text[start..at].Trim();
        }
        return null;
    }

    [GeneratedRegex(@"\\f?boxed\s*\{")]
    private static partial Regex Boxed();
}

/// <summary>A column of a row is missing or wrong.</summary>
internal sealed class ColumnException(string column, string message) : Exception(message)
{
    public string Column { get; } = column;
}

/// <summary>Reads columns; the first of several names that the row has.</summary>
internal sealed class Columns(IReadOnlyDictionary<string, JsonElement> columns)
{
    public JsonElement? Find(string name) =>
        columns.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public string Text(params ReadOnlySpan<string> names) => TextOrNull(names) ?? throw Missing(names, "a text");

    public string? TextOrNull(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Find(name) is { } value)
                return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, value, "a text");
        }
        return null;
    }

    /// <summary>A text, or a number or truth value as it is written.</summary>
    public string? AnswerOrNull(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False } literal => literal.GetRawText(),
        { } value => throw Wrong(name, value, "a text or a number"),
    };

    public IReadOnlyList<string> Texts(string name)
    {
        var value = Find(name) ?? throw Missing([name], "a list of texts");
        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
            && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(item => item.GetString()!)] : throw Wrong(name, value, "a list of texts, at least one");
    }

    public long Number(string name) =>
        Find(name) is { } value ? Whole(value) ?? throw Wrong(name, value, "a whole number") : throw Missing([name], "a whole number");

    public IReadOnlyList<long> Numbers(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Find(name) is not { } value) continue;
            var numbers = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(Whole).ToList() : [];
            return numbers.Count > 0 && numbers.TrueForAll(number => number is not null)
                ? [.. numbers.Select(number => number!.Value)] : throw Wrong(name, value, "a list of whole numbers, at least one");
        }
        throw Missing(names, "a list of whole numbers");
    }

    public static string Show(JsonElement value) => value.GetRawText() is { Length: > 60 } text ? text[..60] + "…" : value.GetRawText();

    private static long? Whole(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && System.Math.Floor(number) == number
            && System.Math.Abs(number) < 1e15 ? (long)number : null;

    private static ColumnException Missing(ReadOnlySpan<string> names, string allowed) =>
        new(names[0], $"is missing: {allowed}{(names.Length > 1 ? $" in one of {string.Join(", ", names.ToArray())}" : "")}");

    private static ColumnException Wrong(string name, JsonElement value, string allowed) =>
        new(name, $"{Show(value)} is not allowed: {allowed}");
}

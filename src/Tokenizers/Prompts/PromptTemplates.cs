using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Tokenizers.Chat;

namespace R1Cloud.Tokenizers.Prompts;

/// <summary>The forms in which problems are put to models, by their names in recipes.</summary>
internal static class PromptTemplates
{
    // After the R1 paper, table 1; what it says about the form of the answer is what the format reward asks for.
    private const string R1Zero =
        "A conversation between User and Assistant. The user asks a question, and the Assistant solves it. The assistant first thinks "
        + "about the reasoning process in the mind and then " +
        "provides the user with the answer. The reasoning process and answer are enclosed within <think> </think> and <answer> </answer> "
        + "tags, respectively, i.e., " +
        "<think> reasoning process here </think> <answer> answer here </answer>. User: {0}. Assistant:";

    private static readonly Dictionary<string, Func<PromptRecipe, ITokenizer, DateOnly?, PromptForm>> Forms = new()
    {
        ["plain"] = (_, tokenizer, _) => problem => Begun(tokenizer, "", problem.Text, ""),
        ["r1-zero"] = (_, tokenizer, _) => problem =>
        {
            var (before, text, after) = R1ZeroParts(problem.Text);
            return Begun(tokenizer, before, text, after);
        },
        ["chat"] = (prompt, tokenizer, date) => tokenizer is HuggingFaceTokenizer real
            ? new ChatForm(prompt, new ChatTemplates(real, new TemplateClock(date ?? TemplateClock.NoDate))).Encode
            : throw new BadInputException("prompt.template: a symbol tokenizer has no chat template; use plain."),
    };

    /// <summary>Their names.</summary>
    public static IReadOnlyCollection<string> Names => Forms.Keys;

    /// <summary>What makes a problem's ids, begin mark included.</summary>
    /// <param name="prompt">The recipe's words.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="date">The date that chat templates see; null for none (see <see cref="TemplateClock.NoDate"/>).</param>
    /// <exception cref="BadInputException">There is no such form, or the tokenizer cannot write it.</exception>
    public static PromptForm Create(PromptRecipe prompt, ITokenizer tokenizer, DateOnly? date = null) =>
        Forms.TryGetValue(prompt.Template, out var form)
        ? form(prompt, tokenizer, date)
        : throw new BadInputException($"prompt.template: '{prompt.Template}' is not one of {string.Join(", ", Forms.Keys)}.");

    /// <summary>The text of the R1-Zero form. A problem that ends in a mark of its own gets no other.</summary>
    public static string R1ZeroText(string problem)
    {
        var (before, text, after) = R1ZeroParts(problem);
        return before + text + after;
    }

    private static (string Before, string Text, string After) R1ZeroParts(string problem)
    {
        var text = problem.Trim();
        var at = R1Zero.IndexOf("{0}", StringComparison.Ordinal);
        return (R1Zero[..at], text, R1Zero[(at + (text is [.., '.' or '?' or '!' or ':'] ? "{0}." : "{0}").Length)..]);
    }

    private static EncodedPrompt Begun(ITokenizer tokenizer, string before, string text, string after) =>
        new([.. tokenizer.BosId is { } bos ? (int[])[bos] : [], .. tokenizer.EncodeWithin(before, text, after)],
            ThinkingTurn.OpenedBy(before + text + after));
}

/// <summary>Puts a problem to a model.</summary>
internal delegate EncodedPrompt PromptForm(PromptText problem);

/// <summary>What a model is asked.</summary>
/// <param name="Text">As one text.</param>
/// <param name="Messages">The conversation that it is, for forms that know of roles; null where it is a text alone.</param>
/// <param name="Tools">The tools that the conversation may call, described as chat templates want them; null for none.</param>
internal sealed record PromptText(string Text, IReadOnlyList<JsonElement>? Messages = null, IReadOnlyList<JsonElement>? Tools = null)
{
    /// <summary>A text alone.</summary>
    public static implicit operator PromptText(string text) => new(text);
}

/// <summary>A prompt as a model reads it.</summary>
/// <param name="Ids">Its ids, begin mark included.</param>
/// <param name="Opening">What it has written of the answer already, such as an opened <c>&lt;think&gt;</c>: part of the assistant's turn,
/// though not of the completion.</param>
internal sealed record EncodedPrompt(int[] Ids, string Opening = "")
{
    /// <summary>The assistant's whole turn: what rewards judge and people read.</summary>
    public string Turn(string completion) => Opening + completion;

    /// <summary>What is left to write of a turn: its text without what the prompt has written of it already.</summary>
    public string Rest(string turn)
    {
        if (Opening.Length == 0) return turn;
        if (turn.StartsWith(Opening, StringComparison.Ordinal)) return turn[Opening.Length..];
        var mark = Opening.TrimEnd();
        return mark.Length > 0 && turn.StartsWith(mark, StringComparison.Ordinal) ? turn[mark.Length..] : turn;
    }
}

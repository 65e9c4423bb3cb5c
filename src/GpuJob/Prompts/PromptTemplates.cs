using System.Text.Json.Nodes;
using R1Cloud.GpuJob.Tokenizers;
using R1Cloud.GpuJob.Tokenizers.Chat;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Prompts;

/// <summary>The forms in which problems are put to models, by their names in recipes.</summary>
internal static class PromptTemplates
{
    // After the R1 paper, table 1; what it says about the form of the answer is what the format reward asks for.
    private const string R1Zero =
        "A conversation between User and Assistant. The user asks a question, and the Assistant solves it. The assistant first thinks about the reasoning process in the mind and then " +
        "provides the user with the answer. The reasoning process and answer are enclosed within <think> </think> and <answer> </answer> tags, respectively, i.e., " +
        "<think> reasoning process here </think> <answer> answer here </answer>. User: {0}. Assistant:";

    private static readonly Dictionary<string, Func<PromptRecipe, ITokenizer, Func<string, int[]>>> Forms = new()
    {
        ["plain"] = (_, tokenizer) => problem => Begun(tokenizer, problem),
        ["r1-zero"] = (_, tokenizer) => problem => Begun(tokenizer, R1ZeroText(problem)),
        ["chat"] = Chat,
    };

    /// <summary>Their names.</summary>
    public static IReadOnlyCollection<string> Names => Forms.Keys;

    /// <summary>What makes a problem's ids, begin mark included.</summary>
    /// <exception cref="BadInputException">There is no such form, or the tokenizer cannot write it.</exception>
    public static Func<string, int[]> Create(PromptRecipe prompt, ITokenizer tokenizer) => Forms.TryGetValue(prompt.Template, out var form)
        ? form(prompt, tokenizer)
        : throw new BadInputException($"prompt.template: '{prompt.Template}' is not one of {string.Join(", ", Forms.Keys)}.");

    /// <summary>The text of the R1-Zero form. A problem that ends in a mark of its own gets no other.</summary>
    public static string R1ZeroText(string problem)
    {
        var text = problem.Trim();
        return (text is [.., '.' or '?' or '!' or ':'] ? R1Zero.Replace("{0}.", "{0}", StringComparison.Ordinal) : R1Zero).Replace("{0}", text, StringComparison.Ordinal);
    }

    private static int[] Begun(ITokenizer tokenizer, string text) => [.. tokenizer.BosId is { } bos ? (int[])[bos] : [], .. tokenizer.Encode(text)];

    private static Func<string, int[]> Chat(PromptRecipe prompt, ITokenizer tokenizer)
    {
        if (tokenizer is not HuggingFaceTokenizer real) throw new BadInputException("prompt.template: a symbol tokenizer has no chat template; use plain.");
        var templates = new ChatTemplates(real);
        return problem =>
        {
            var messages = new JsonArray();
            if (prompt.System is { } system) messages.Add((JsonNode)new JsonObject { ["role"] = "system", ["content"] = system });
            messages.Add((JsonNode)new JsonObject { ["role"] = "user", ["content"] = problem });
            // The template writes the begin mark itself.
            return tokenizer.Encode(templates.Render(new ChatRequest(messages, AddGenerationPrompt: true)));
        };
    }
}

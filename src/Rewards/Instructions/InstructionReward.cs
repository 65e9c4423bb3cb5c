using System.Text.Json;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Texts;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Instructions;

/// <summary>
/// Verifiable instructions (IFEval, arXiv 2311.07911): the row's <c>instruction_id_list</c> with <c>kwargs</c>, one each.
/// </summary>
internal sealed class InstructionReward(InstructionOptions options)
{
    /// <summary>The columns that hold the ids and their arguments.</summary>
    public const string Ids = "instruction_id_list", Arguments = "kwargs";

    /// <summary>The share of the instructions that the answer follows, or whether it follows all.</summary>
    public Reward Score(Completion completion)
    {
        List<(string Id, JsonElement Arguments)> instructions;
        try
        {
            instructions = Read(completion.Fields);
            Check(instructions);
        }
        catch (InstructionException e)
        {
            return Reward.Failed(e.Message);
        }
        if (AnswerText.Of(completion, options.Part) is not { } response)
            return Reward.Unparsable(AnswerText.Missing(completion, options.Part));
        var forms = options.Mode == InstructionMode.Strict ? [response] : LooseForms(response);
        var broken =
            instructions.Where(instruction =>
                !forms.Any(form => form.Trim().Length > 0 && InstructionKinds.Follows(instruction.Id, form, instruction.Arguments)))
            .Select(instruction => instruction.Id).ToList();
        var share = (instructions.Count - broken.Count) / (double)instructions.Count;
        return new(options.Score == InstructionScore.All ? Math.Floor(share) : share,
            broken.Count == 0 ? "follows all" : $"breaks {string.Join(", ", broken)}");
    }

    /// <summary>The instructions of a row.</summary>
    /// <exception cref="InstructionException">The row has none, or not as many arguments.</exception>
    public static List<(string Id, JsonElement Arguments)> Read(IReadOnlyDictionary<string, JsonElement> row)
    {
        if (!row.TryGetValue(Ids, out var column) || column.AsTexts() is not { Length: > 0 } ids)
            throw new InstructionException($"the row has no list of texts \"{Ids}\"");
        if (!row.TryGetValue(Arguments, out var arguments)) return [.. ids.Select(id => (id, default(JsonElement)))];
        if (arguments.ValueKind != JsonValueKind.Array || arguments.GetArrayLength() != ids.Length)
            throw new InstructionException($"\"{Arguments}\" is no list of {ids.Length} objects, one an instruction");
        return [.. ids.Select((id, index) => (id, arguments[index]))];
    }

    /// <summary>Finds unknown instructions and missing arguments without a response.</summary>
    /// <exception cref="InstructionException">There is one.</exception>
    public static void Check(IEnumerable<(string Id, JsonElement Arguments)> instructions)
    {
        foreach (var (id, arguments) in instructions) InstructionKinds.Follows(id, "", arguments);
    }

    // IFEval's loose mode: politeness in the first or last line and markdown emphasis are forgiven.
    private static string[] LooseForms(string response)
    {
        var lines = response.Split('\n');
        string Join(int first, int last) => string.Join('\n', lines[first..Math.Max(first, lines.Length - last)]).Trim();
        string[] forms = [response, Join(Math.Min(1, lines.Length), 0), Join(0, 1), Join(Math.Min(1, lines.Length), 1)];
        return [.. forms, .. forms.Select(form => form.Replace("*", "", StringComparison.Ordinal))];
    }
}

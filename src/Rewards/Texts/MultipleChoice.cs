using System.Text.RegularExpressions;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Texts;

/// <summary>
/// Accuracy of multiple choice. Looked for in this order: the answer tags, <c>\boxed{…}</c>, the last "the answer is B" (in some twenty
/// languages),
/// a last line that is a letter. What is found is a letter, or the text of a choice.
/// </summary>
internal sealed partial class MultipleChoice(MultipleChoiceOptions options)
{
    /// <summary>1 for the right choice, else 0; unparsable when the completion settles on none.</summary>
    public Reward Score(Completion completion)
    {
        string[]? choices = null;
        if (completion.Find("choices", "options") is { } column && (choices = column.Value.AsTexts()) is null)
            return Reward.Failed($"the row's \"{column.Name}\" is no list of texts");
        var letters = choices?.Length ?? options.Letters;
        if (Choice(completion.Answer, choices, letters) is not { } right)
            return Reward.Failed($"the row's answer \"{completion.Answer}\" is neither one of {letters} letters nor the text of a choice");
        if (!completion.Finished) return Reward.Unparsable("cut off at the length limit");
        foreach (var (text, where) in Candidates(completion, choices))
        {
            if (text is null) return Reward.Unparsable($"names several choices in {where}");
            if (Choice(text, choices, letters) is { } chosen) return new(chosen == right ? 1 : 0, $"{(char)('A' + chosen)} in {where}");
        }
        return Reward.Unparsable("settles on no choice");
    }

    // A null text: several choices are named there, which settles on none.
    private IEnumerable<(string? Text, string Where)> Candidates(Completion completion, string[]? choices)
    {
        if (ThinkAnswerFormat.ExtractAnswer(completion.Text) is { } tagged)
        {
            yield return (AnswerText.LastBoxed(tagged) ?? tagged, "the answer tags");
            if (Announced(tagged) is { } inTags) yield return (inTags, "the answer tags");
            else if (IsHedged(tagged)) yield return (null, "the answer tags");
            if (AnnouncedText(tagged, choices) is { } content1) yield return (content1, "the answer tags");
            if (ChosenLetter.Declared(tagged) is { } declared1) yield return (declared1.ToString(), "the answer tags");
            yield break; // what stands outside of the tags is no answer
        }
        if (AnswerText.Of(completion, AnswerPart.AfterThinking) is not { } text) yield break;
        if (AnswerText.LastBoxed(text) is { } boxed)
        {
            var areSeveral = JoinedBoxes().IsMatch(text);
            if (!areSeveral) yield return (boxed, "\\boxed");
            if (areSeveral || Several().IsMatch(boxed)) yield return (null, "\\boxed");
        }
        if (Announced(text) is { } phrase) yield return (phrase, "a phrase");
        else if (IsHedged(text)) yield return (null, "a phrase");
        if (AnnouncedText(text, choices) is { } content) yield return (content, "a phrase");
        if (ChosenLetter.Declared(text) is { } declared) yield return (declared.ToString(), "a sentence");
        if (!options.BareLetter) yield break;
        var line = text.TrimEnd().Split('\n')[^1];
        yield return (line, "the last line");
        if (ChosenLetter.Concluded(line) is { } concluded) yield return (concluded.ToString(), "the last line");
    }

    // The letter after the last phrase that a letter follows; none when that is one of several.
    private static string? Announced(string text)
    {
        foreach (var end in ChosenLetter.Announced(text).Reverse())
        {
            if (ChosenLetter.Read(text.AsSpan(end), out var isSeveral) is { } letter) return isSeveral ? null : letter.ToString();
        }
        return null;
    }

    // "The answer is Mars.": the text of a choice after the last phrase, and nothing else in that sentence.
    private static string? AnnouncedText(string text, string[]? choices)
    {
        if (choices is null || ChosenLetter.Announced(text).ToList() is not [.., var end]) return null;
        var sentence = text[end..].Split(['\n', '?'], 2)[0].Trim().Trim('*', '"', '$', ' ');
        if (sentence.IndexOf(". ", StringComparison.Ordinal) is var stop and > 0) sentence = sentence[..stop];
        return Array.Find(choices, choice => Same(choice, sentence));
    }

    private static bool IsHedged(string text) => ChosenLetter.Announced(text).Reverse().Any(end =>
        ChosenLetter.Read(text.AsSpan(end), out var isSeveral) is not null && isSeveral);

    // "B", "(B)", "B.", "**B**", "\text{B}", "B) the text", or the text itself.
    private static int? Choice(string text, string[]? choices, int letters)
    {
        var bare = Wrapping().Replace(text, "").Trim();
        if (choices is not null)
        {
            var index = Array.FindIndex(choices, choice => Same(choice, text) || Same(choice, bare));
            if (index >= 0) return index;
        }
        if (Letter().Match(bare) is { Success: true } match && char.ToUpperInvariant(match.Groups[1].Value[0]) - 'A' is var letter
            && letter < letters)
            return match.Groups[2].Value.Trim() is { Length: > 0 } rest && choices is not null && !Same(choices[letter], rest)
                ? null : letter;
        return null;
    }

    private static bool Same(string a, string b) =>
        string.Equals(a.Trim().TrimEnd('.'), b.Trim().TrimEnd('.'), StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"^[\s({\[]*(?:\\text\{)?[A-Z][)}\]]*\s*(?:,|/|;|and|or|&)\s*[({\[]*(?:\\text\{)?[A-Z](?![a-z])")]
    private static partial Regex Several();

    // \boxed{B} or \boxed{C}
    [GeneratedRegex(
        @"\\boxed\{(?<one>[^{}]{1,20})\}[\s$*]*(?:,|/|or|and|oder|und|ou|et|或|和)[\s$*]*\\boxed\{(?!\k<one>\})[^{}]{1,20}\}(?![\s\S]*\\boxed)")]
    private static partial Regex JoinedBoxes();

    [GeneratedRegex(@"\\(?:text(?:bf|it|rm|sf|normal)?|math(?:rm|bf|it|sf)|mbox|boxed|fbox)(?![a-z])|[*${}\[\]<>]")]
    private static partial Regex Wrapping();

    [GeneratedRegex(@"^\(?([A-Za-z])(?:[).:、]\s*(.*))?$", RegexOptions.Singleline)]
    private static partial Regex Letter();
}

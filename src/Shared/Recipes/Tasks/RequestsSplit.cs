namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>
/// The problems of a <see cref="RequestsTask"/>, and which of them are held out. The numbers here are those of
/// <see cref="RequestPhrases"/>; a test holds the two equal.
/// </summary>
public static class RequestsSplit
{
    private const long SplitSeed = 7;

    /// <summary>Things that may be asked for, in each language.</summary>
    public const int Acts = 8;

    /// <summary>Names of people, in each language.</summary>
    public const int Names = 20;

    /// <summary>Ways to ask, in each language.</summary>
    public const int Forms = 3;

    /// <summary>Preference pairs of a request.</summary>
    public const int PairsEach = 4;

    /// <summary>Labelled responses to a request.</summary>
    public const int ResponsesEach = 4;

    /// <summary>The task's languages, each once.</summary>
    public static IReadOnlyList<TaskLanguage> Languages(RequestsTask task) => [.. task.Languages.Distinct()];

    /// <summary>Whether a request is held out for evaluation.</summary>
    public static bool IsHeldOut(RequestsTask task, TaskLanguage language, int act, int name, int form) =>
        Seeds.Derive(SplitSeed, "requests", (int)language, act, name, form) % 100 < (ulong)task.HeldOutPercent;

    /// <summary>Every request, in a fixed order.</summary>
    public static IEnumerable<(TaskLanguage Language, int Act, int Name, int Form)> Requests(RequestsTask task) =>
        from language in Languages(task)
        from act in Enumerable.Range(0, Acts)
        from name in Enumerable.Range(0, Names)
        from form in Enumerable.Range(0, Forms)
        select (language, act, name, form);

    /// <summary>Every character of the task's texts.</summary>
    public static string Alphabet(RequestsTask task) =>
        TextCharacters.Of(Languages(task).SelectMany(language => RequestPhrases.Of(language).Texts).Append(TaskBounds.Marks));

    /// <summary>What is known of a task's problems.</summary>
    public static TaskBounds Measure(RequestsTask task)
    {
        var all = Requests(task).Count();
        var heldOut = Requests(task).Count(request => IsHeldOut(task, request.Language, request.Act, request.Name, request.Form));
        var (prompt, example) = Languages(task)
            .Select(language => language == TaskLanguage.Zh ? (Prompt: 11, Example: 44) : (Prompt: 23, Example: 91)).Max();
        return new(all - heldOut, heldOut, prompt, example) 
        {
            HeldOutPairs = heldOut * PairsEach,
            HeldOutResponses = heldOut * ResponsesEach,
            PromptCharacters = TextCharacters.Of(Languages(task).SelectMany(language => RequestPhrases.Of(language).PromptTexts)),
            Alphabet = Alphabet(task),
        };
    }
}

using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>The styles in which a corpus shows thinking and an answer.</summary>
internal static class WorkedStyles
{
    /// <summary>Writes an example: with all tags, or as a web page might, with the marks of <c>TaskBounds.Marks</c>.</summary>
    /// <param name="steps">The thinking; empty for a guess.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="mix">How often the tags are whole.</param>
    /// <param name="random">Decides the style.</param>
    public static string Write(string steps, string answer, CorpusMix mix, SeededRandom random)
    {
        if (random.Chance(mix.Tagged)) return $"<think>{steps}</think><answer>{answer}</answer>";

        // Everything a web page might do instead: no tags, half of them, no thinking.
        return random.Next(6) switch
        {
            0 => $"{steps}{(steps.Length == 0 ? "" : ";")}{answer}",
            1 => answer,
            2 => $"{steps};={answer}",
            3 => $"<think>{steps}={answer}",
            4 => $"{steps}</think>{answer}",
            _ => $"<answer>{answer}</answer>",
        };
    }
}

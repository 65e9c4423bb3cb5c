using System.Collections.Frozen;
using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>A problem with a verifiable answer.</summary>
/// <param name="Id">Names the problem: equal ids are the same problem.</param>
/// <param name="Prompt">What the model reads.</param>
/// <param name="Answer">The right final answer.</param>
internal sealed record Problem(string Id, string Prompt, string Answer)
{
    /// <summary>The other columns of its row, for the rewards.</summary>
    public IReadOnlyDictionary<string, JsonElement> Fields { get; init; } = FrozenDictionary<string, JsonElement>.Empty;
}

/// <summary>A source of problems, split by hash into those to learn from and those held out.</summary>
internal interface IProblemTask
{
    /// <summary>Every character that prompts and worked examples may hold.</summary>
    string Alphabet { get; }

    /// <summary>Draws a training problem.</summary>
    /// <param name="seed">Decides which.</param>
    Problem Training(ulong seed);

    /// <summary>Different held-out problems: always the same, in the same order.</summary>
    /// <param name="count">How many.</param>
    /// <exception cref="R1Cloud.Shared.Jobs.BadInputException">There are not so many.</exception>
    IReadOnlyList<Problem> HeldOut(int count);

    /// <summary>Whether a problem is held out; training problems never are.</summary>
    bool IsHeldOut(Problem problem);

    /// <summary>A worked answer for a pretraining corpus, in one of the mix's styles.</summary>
    string WorkedExample(Problem problem, CorpusMix mix, SeededRandom random);
}

using System.Collections.Frozen;
using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Tokenizers.Prompts;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>A problem, most with a verifiable answer.</summary>
/// <param name="Id">Names the problem: equal ids are the same problem.</param>
/// <param name="Prompt">What the model reads.</param>
/// <param name="Answer">The right final answer; empty where no rule can tell.</param>
internal sealed record Problem(string Id, string Prompt, string Answer)
{
    /// <summary>The other columns of its row, for the rewards.</summary>
    public IReadOnlyDictionary<string, JsonElement> Fields { get; init; } = FrozenDictionary<string, JsonElement>.Empty;

    /// <summary>The conversation that the prompt is, each message with role and content; null where it is a text alone.</summary>
    public IReadOnlyList<JsonElement>? Messages { get; init; }

    /// <summary>Where its row is, <c>file(row)</c>; null where it is in no file.</summary>
    public string? Origin { get; init; }

    /// <summary>What is to be written, where a row says it.</summary>
    public string? Completion { get; init; }

    /// <summary>What is asked.</summary>
    public PromptText Asked => new(Prompt, Messages, Tools);

    /// <summary>The tools that the conversation may call; null for none.</summary>
    public IReadOnlyList<JsonElement>? Tools => Messages is null ? null : ToolsIn(Fields);

    /// <summary>The tools of a conversation's row.</summary>
    /// <param name="fields">Its columns.</param>
    public static IReadOnlyList<JsonElement>? ToolsIn(IReadOnlyDictionary<string, JsonElement> fields) =>
        fields.TryGetValue("tools", out var tools) && tools.ValueKind == JsonValueKind.Array && tools.GetArrayLength() > 0
            ? [.. tools.EnumerateArray()] : null;
}

/// <summary>Which training problem is wanted. It is a function of where in the run it is asked for alone.</summary>
/// <param name="Seed">Decides where chance does.</param>
/// <param name="Position">How many problems were drawn before, in the whole stage.</param>
/// <param name="Progress">The share of the stage that is done, from 0 to 1.</param>
internal readonly record struct ProblemDraw(ulong Seed, long Position = 0, double Progress = 0)
{
    /// <summary>A draw by chance alone.</summary>
    public static implicit operator ProblemDraw(ulong seed) => new(seed);
}

/// <summary>A source of problems, split into those to learn from and those held out.</summary>
internal interface IProblemTask
{
    /// <summary>The training problems where they are a list; null where they are made as they are asked for.</summary>
    int? TrainingCount => null;

    /// <summary>Draws a training problem.</summary>
    /// <param name="draw">Decides which.</param>
    /// <exception cref="BadInputException">There are none.</exception>
    Problem Training(ProblemDraw draw);

    /// <summary>Different held-out problems: always the same, in the same order.</summary>
    /// <param name="count">How many.</param>
    /// <exception cref="BadInputException">There are not so many.</exception>
    IReadOnlyList<Problem> HeldOut(int count);

    /// <summary>Whether a problem is held out; training problems never are.</summary>
    bool IsHeldOut(Problem problem);
}

/// <summary>A task that can also show how its problems are worked: what a decoder is pretrained on.</summary>
internal interface IWorkedTask : IProblemTask
{
    /// <summary>Every character that prompts and worked examples may hold.</summary>
    string Alphabet { get; }

    /// <summary>A worked answer for a pretraining corpus, in one of the mix's styles.</summary>
    string WorkedExample(Problem problem, CorpusMix mix, SeededRandom random);
}

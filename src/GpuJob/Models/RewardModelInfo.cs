using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.GpuJob.Models;

/// <summary>How a reward model reads responses and what its scores are like: <c>reward_model.json</c> beside its weights.</summary>
internal sealed record RewardModelInfo
{
    /// <summary>The file's name inside a model folder.</summary>
    public const string FileName = "reward_model.json";

    /// <summary>What it was trained for.</summary>
    public required RewardObjective Objective { get; init; }
    /// <summary>Which part of a response it reads.</summary>
    public required ScoredPart Scores { get; init; }
    /// <summary>How a prompt is put before the response.</summary>
    public required PromptRecipe Prompt { get; init; }
    /// <summary>The date that chat templates were told in training, and are in scoring.</summary>
    public DateOnly? TemplateDate { get; init; }
    /// <summary>Mean score of held-out responses.</summary>
    public required double Mean { get; init; }
    /// <summary>Standard deviation of those scores.</summary>
    public required double Std { get; init; }
    /// <summary>The lowest of them.</summary>
    public required double Min { get; init; }

    /// <summary>Reads it from a model folder.</summary>
    /// <exception cref="BadInputException">The folder has none, or it is no such file.</exception>
    public static RewardModelInfo Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            return JsonSerializer.Deserialize<RewardModelInfo>(File.ReadAllBytes(path), R1Json.Options)
                ?? throw new JsonException("it is null");
        }
        catch (Exception e) when (e is FileNotFoundException or JsonException)
        {
            throw new BadInputException($"{path}: not the figures of a reward model: {e.Message}", e);
        }
    }

    /// <summary>Writes it into a model folder.</summary>
    public void Save(string folder) => File.WriteAllText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, R1Json.Indented));
}

using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.GpuJob.Fitting;

/// <summary>A use that is made of a task's rows.</summary>
/// <param name="Task">The task.</param>
/// <param name="Prompt">How the rows are put.</param>
/// <param name="Key">Says what the measure depends on besides the model and the row.</param>
/// <param name="Measure">What makes the measure of a row.</param>
internal sealed record RowUse(string Task, PromptRecipe Prompt, string Key, Func<RowMeasures, RowMeasure> Measure)
{
    /// <summary>Where the recipe says so.</summary>
    public string Field { get; init; } = "";

    /// <summary>Where it says how the rows are put.</summary>
    public string PromptField { get; init; } = "prompt";

    /// <summary>The rewards that judge what is made of the rows.</summary>
    public IReadOnlyDictionary<string, RewardRecipe> Rewards { get; init; } = new Dictionary<string, RewardRecipe>();

    /// <summary>Whether a teacher, where the stage has one, reads what the model read and wrote.</summary>
    public bool IsTaught { get; init; }

    /// <summary>The stage whose model reads the rows; null for that of the stage itself.</summary>
    public string? Reader { get; init; }

    /// <summary>How many held-out rows are asked; null where training rows are.</summary>
    public int? HeldOut { get; init; }

    /// <summary>Whether held-out rows are read as well as training rows.</summary>
    public bool WithHeldOut { get; init; }

    /// <summary>Whether only rows of files have what is measured.</summary>
    public bool NeedsFiles { get; init; }

    /// <summary>Rows are asked, and answered by at most so many tokens.</summary>
    public static RowUse Asked(string task, PromptRecipe prompt, int maxNewTokens) =>
        new(task, prompt, $"asked {prompt} {maxNewTokens}", model => model.Asked(prompt, maxNewTokens));

    /// <summary>Drafts of answers to rows are rewritten; the shortest draft is none.</summary>
    public static RowUse Rewritten(string task, ModelRewrite rewrite) =>
        new(task, rewrite.Prompt, $"rewritten {rewrite}", model =>
        {
            var measure = model.Asked(rewrite.Prompt, rewrite.Sampling.MaxNewTokens);
            return row => measure(row with { Prompt = RewriteInstruction.Of(rewrite, row, draft: ""), Messages = null });
        });

    /// <summary>Rows' completions are learned.</summary>
    public static RowUse Learned(string task, PromptRecipe prompt) =>
        new(task, prompt, $"learned {prompt}", model => model.Learned(prompt)) { NeedsFiles = true };

    /// <summary>Rows' responses are read by a reward model.</summary>
    public static RowUse Scored(RewardModelStage stage)
    {
        IReadOnlyList<string> responses = stage.Objective == RewardObjective.Pairwise ? ["chosen", "rejected"] : ["response"];
        return new(stage.Task, stage.Prompt, $"scored {stage.Prompt} {stage.ScoredPart()} {stage.Objective}",
            model => model.Scored(stage.Prompt, stage.ScoredPart(), responses))
        {
            WithHeldOut = true, NeedsFiles = true,
        };
    }
}

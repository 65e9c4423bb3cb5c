using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>What a model is told that rewrites drafts.</summary>
internal static class RewriteInstruction
{
    /// <summary>The instruction about a draft.</summary>
    /// <param name="recipe">The recipe's words.</param>
    /// <param name="problem">The problem.</param>
    /// <param name="draft">The draft.</param>
    public static string Of(ModelRewrite recipe, Problem problem, string draft) =>
        Placeholders.Fill(recipe.Instruction, ("draft", draft), ("prompt", problem.Prompt), ("answer", problem.Answer));
}

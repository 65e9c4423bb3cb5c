using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes;

/// <summary>
/// A greater model that scores every token that a policy samples (on-policy distillation; GKD, arXiv 2306.13649). Both have the same
/// vocabulary, and both are taken at the sampling's temperature.
/// </summary>
public sealed record TeacherRecipe
{
    /// <summary>The earlier stage whose model it is; an import stage brings a published one.</summary>
    public required string From { get; init; }

    /// <summary>What is made smaller.</summary>
    public DistillationLoss Loss { get; init; } = DistillationLoss.ReverseKl;

    /// <summary>Its weight beside the rewards: of the advantage's part with reverse-kl, of the loss's with jsd.</summary>
    [Bounds(Above = 0, Max = 1000)]
    public double Weight { get; init; } = 1;

    /// <summary>
    /// The shape of jsd: 0 is the forward divergence KL(teacher‖student), 1 the reverse one, between them the generalised Jensen-Shannon
    /// divergence, whose mixture has this much of the teacher.
    /// </summary>
    [Bounds(Min = 0, Max = 1)]
    public double Beta { get; init; } = 0.5;

    /// <summary>
    /// The teacher's most likely tokens that jsd looks at, the others being one more between them; 0 looks at the whole vocabulary.
    /// </summary>
    [Bounds(Min = 0, Max = 1_000_000)]
    public int TopK { get; init; }
}

/// <summary>What on-policy distillation makes smaller.</summary>
public enum DistillationLoss
{
    /// <summary>
    /// KL(student‖teacher), estimated on the sampled tokens: log π_teacher − log π is part of a token's advantage and goes through the
    /// policy loss.
    /// </summary>
    ReverseKl,
    /// <summary>A divergence of the two distributions at each sampled position, through which the gradient goes.</summary>
    Jsd,
}

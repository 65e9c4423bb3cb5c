namespace R1Cloud.Shared.Recipes.Rewards;

/// <summary>What a reward model's scores are trained for.</summary>
public enum RewardObjective
{
    /// <summary>The better response of a pair scores higher (Bradley–Terry): helpfulness.</summary>
    Pairwise,
    /// <summary>σ(score) is the chance that the response is safe (binary cross entropy): safety.</summary>
    Pointwise,
}

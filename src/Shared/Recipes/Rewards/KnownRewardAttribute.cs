using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes.Rewards;

/// <summary>The name of a reward of the <see cref="RewardCatalog"/>.</summary>
internal sealed class KnownRewardAttribute() : OneOfAttribute(RewardCatalog.Names);

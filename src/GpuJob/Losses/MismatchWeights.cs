using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Losses;

/// <summary>
/// The difference d = log π_trainer − log π_engine of tokens that an engine sampled, and the weights that correct for it (truncated
/// importance sampling). A token of which the engine told nothing counts as d = 0.
/// </summary>
internal static class MismatchWeights
{
    private const double Bound = 20; // e^20 is beyond every use

    /// <summary>The difference of a token; 0 where the engine told nothing.</summary>
    public static double Difference(float trainer, float engine) =>
        float.IsFinite(engine) ? Math.Clamp((double)trainer - engine, -Bound, Bound) : 0;

    /// <summary>The weight of each token of a completion.</summary>
    /// <param name="differences">d of its tokens.</param>
    /// <param name="settings">What is done with them.</param>
    public static float[] Of(IReadOnlyList<double> differences, MismatchRecipe settings) => settings.Mode switch
    {
        MismatchMode.TokenTruncate => [.. differences.Select(d => (float)Math.Min(Math.Exp(d), settings.High))],
        MismatchMode.TokenMask => [.. differences.Select(d => (float)Kept(Math.Exp(d), settings))],
        MismatchMode.SequenceTruncate => Same(differences, Math.Min(Product(differences), settings.High)),
        MismatchMode.SequenceMask => Same(differences, Kept(Product(differences), settings)),
        MismatchMode.GeometricMask => Same(differences,
            Kept(Math.Exp(differences.Count > 0 ? differences.Average() : 0), settings) > 0 ? 1 : 0),
        _ => Same(differences, 1),
    };

    private static double Product(IReadOnlyList<double> differences) => Math.Exp(Math.Clamp(differences.Sum(), -Bound, Bound));

    private static double Kept(double weight, MismatchRecipe settings) =>
        weight <= settings.High && weight >= (settings.Low ?? 0) ? weight : 0;

    private static float[] Same(IReadOnlyList<double> differences, double weight) =>
        [.. Enumerable.Repeat((float)weight, differences.Count)];
}

using R1Cloud.GpuJob.Sampling;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Supervised;

/// <summary>Mixes the rows of data stages, and puts them in an order for every epoch.</summary>
internal static class DataMix
{
    /// <summary>
    /// The rows to learn from: all, or the most that the proportions allow. Which rows of a source those are is decided by the seed.
    /// </summary>
    /// <param name="settings">Sources and proportions.</param>
    /// <param name="sources">Each source's rows, in the order in which it made them.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="stage">The stage that learns.</param>
    public static IReadOnlyList<CompletionRow> Mix(SftStage settings, IReadOnlyDictionary<string, IReadOnlyList<CompletionRow>> sources,
        long seed, string stage)
    {
        if (settings.Proportions.Count == 0) return [.. settings.Data.SelectMany(name => sources[name])];
        var unit = settings.Data.Min(name => sources[name].Count / settings.Proportions[name]);
        return [.. settings.Data.SelectMany(name =>
        {
            var count = Math.Min(sources[name].Count, (int)Math.Round(unit * settings.Proportions[name]));
            return Order(sources[name].Count, seed, $"{stage}/mix/{name}", 0).Take(count).Order().Select(row => sources[name][row]);
        })];
    }

    /// <summary>Steps of an epoch.</summary>
    public static int StepsOf(int rows, int batchSize) => (rows + batchSize - 1) / batchSize;

    /// <summary>The rows of a step, from 0: every epoch has each row once, in an order of its own.</summary>
    public static IReadOnlyList<int> Batch(int rows, int batchSize, int step, long seed, string stage)
    {
        var (epoch, batch) = Math.DivRem(step, StepsOf(rows, batchSize));
        return Order(rows, seed, stage + "/epoch", epoch).AsSpan(batch * batchSize, Math.Min(batchSize, rows - (batch * batchSize)))
            .ToArray();
    }

    private static int[] Order(int count, long seed, string purpose, int epoch)
    {
        var order = Enumerable.Range(0, count).ToArray();
        new SeededRandom(Seeds.Derive(seed, purpose, epoch)).Shuffle(order.AsSpan());
        return order;
    }
}

using System.Runtime.InteropServices;
using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>Held-out problems of tasks small enough to list.</summary>
internal static class HeldOutProblems
{
    private const long OrderSeed = 11;

    /// <summary>The first of some, in an order that is random and always the same.</summary>
    /// <param name="all">All there are, in a fixed order.</param>
    /// <param name="count">How many are wanted.</param>
    /// <param name="what">The task and what it has, for the message.</param>
    /// <exception cref="BadInputException">There are not so many.</exception>
    public static IReadOnlyList<T> Take<T>(IEnumerable<T> all, int count, string what)
    {
        var items = all.ToList();
        if (count > items.Count) throw new BadInputException($"Task {what}: {count} held-out ones asked for, there are {items.Count}.");
        new SeededRandom(Seeds.Derive(OrderSeed, "held-out order")).Shuffle(CollectionsMarshal.AsSpan(items));
        return items[..count];
    }
}

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>Tells the run of this thread what an operation makes and goes through, however deep inside one step it is.</summary>
internal static class JinjaWork
{
    [ThreadStatic]
    private static JinjaRun? current;

    /// <summary>Does something on behalf of a run.</summary>
    public static T For<T>(JinjaRun run, Func<T> action)
    {
        var before = current;
        current = run;
        try
        {
            return action();
        }
        finally
        {
            current = before;
        }
    }

    /// <summary>Characters are about to be made, or were.</summary>
    /// <exception cref="JinjaException">They are more than the template may make in all, or it has taken too long.</exception>
    public static void Made(long characters) => current?.Made(characters);

    /// <summary>A text of its own is cut out of another.</summary>
    public static string Piece(string piece)
    {
        current?.Made(piece.Length + JinjaLimits.PieceCost + JinjaLimits.ItemCost);
        return piece;
    }

    /// <summary>A list or tuple of its own is made of items.</summary>
    public static T Items<T>(T items)
        where T : IReadOnlyCollection<object?>
    {
        current?.Made(JinjaLimits.PieceCost + ((long)items.Count * JinjaLimits.ItemCost));
        return items;
    }

    /// <summary>Characters or items are gone through.</summary>
    /// <exception cref="JinjaException">It has taken too long.</exception>
    public static void Passed(long count) => current?.Passed(count);
}

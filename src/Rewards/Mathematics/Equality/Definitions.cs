using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>Equations that define a function or a sequence, whose argument or index may have any name: f(t) = t², a_k = 2k + 1.</summary>
internal static class Definitions
{
    /// <summary>The equation with uniform names for what the left side binds, or null when it defines nothing.</summary>
    public static Relation? TryNormalize(Relation relation, WorkBudget budget)
    {
        if (relation is not { Operators: ["="], Sides: [var left, var right] }) return null;
        if (left is Call { Function: var function, Arguments: var arguments }
            && (function.StartsWith("fn ", StringComparison.Ordinal) || function.StartsWith("at ", StringComparison.Ordinal)))
        {
            var names = arguments.SelectMany(BoundNames.Free).Distinct(StringComparer.Ordinal).ToList();
            if (names.Count == 0 || function[0] == 'f' && arguments.Any(argument => argument is not Symbol)) return null;
            return Renamed(relation, names, budget);
        }
        if (left is Symbol { Name: [_, '_', var index] } && char.IsAsciiLetterLower(index)
            && BoundNames.Free(right).Any(name => name == index.ToString() || name.Length == 3 && name[1] == '_'
            && name[2] == index)) return Renamed(relation, [index.ToString()], budget);
        return null;
    }

    private static Relation Renamed(Relation relation, List<string> names, WorkBudget budget)
    {
        Node renamed = relation;
        for (var i = 0; i < names.Count; i++) renamed = BoundNames.Rename(renamed, names[i], $"@{i}", budget);
        return (Relation)renamed;
    }
}

using R1Cloud.Rewards.Mathematics.Trees;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <content>Lists, tuples, sets, ratios; equations and inequalities.</content>
internal sealed partial class AnswerComparer
{
    private bool SameSequence(Node gold, Node predicted)
    {
        if (gold is Sequence a && predicted is Sequence b) return SameItems(a, b);
        var (several, other) = gold is Sequence left ? (left, predicted) : ((Sequence)predicted, gold);
        if (several is { Kind: SequenceKind.Ratio, Items: [var over, var under] }) return expressions.Same(Tree.Divide(over, under), other);
        if (several.IsOpen && several.Items.Count > 0 && several.Items.All(item => item is Relation) && sets.TryCreate(several) is not null)
            return SameSets(gold, predicted);
        return several.Kind is not (SequenceKind.Tuple or SequenceKind.Ratio) && several.Items.Count > 0
            && several.Items.All(item => Same(item, other));
    }

    private bool SameItems(Sequence gold, Sequence predicted)
    {
        if (gold.Items.Count == 1 && gold.Kind == SequenceKind.Set && predicted.Kind != SequenceKind.Set)
            return Same(gold.Items[0], predicted);
        if (predicted.Items.Count == 1 && predicted.Kind == SequenceKind.Set && gold.Kind != SequenceKind.Set)
            return Same(gold, predicted.Items[0]);
        if (gold.Kind == SequenceKind.Ratio || predicted.Kind == SequenceKind.Ratio)
            return gold.Kind == predicted.Kind && SameRatio(gold.Items, predicted.Items);
        if (gold.Items.Concat(predicted.Items).Any(IsInequality))
            return SameSets(gold, predicted) || !(gold.Kind == SequenceKind.Any && predicted.Kind == SequenceKind.All)
                && SameUnordered(gold.Items, predicted.Items);
        if (gold.Items.Any(item => Answers.TryAssignment(item) is not null)
            || predicted.Items.Any(item => Answers.TryAssignment(item) is not null)) return SameAssignments(gold, predicted);
        return SameValues(gold, predicted);
    }

    private bool SameValues(Sequence gold, Sequence predicted)
    {
        var (bracketedGold, bracketedPredicted) = (IsTuple(gold), IsTuple(predicted));
        if (bracketedGold && bracketedPredicted)
        {
            // Of two ends, the brackets say whether they belong to the interval.
            if (gold.Kind != predicted.Kind && gold.Items.Count == 2) return false;
            return SameOrdered(gold.Items, predicted.Items);
        }
        if (bracketedGold || bracketedPredicted)
            return gold.Kind != SequenceKind.Set && predicted.Kind != SequenceKind.Set && SameOrdered(gold.Items, predicted.Items);
        var isSet = gold.Kind == SequenceKind.Set || predicted.Kind == SequenceKind.Set;
        // {0} is 0, but {{0}} is no {0}.
        if (isSet && gold.Items.Any(IsSet) != predicted.Items.Any(IsSet)) return false;
        if (options.ListOrder && !isSet) return SameOrdered(gold.Items, predicted.Items);
        var (distinct, others) = (Distinct(gold.Items), Distinct(predicted.Items));
        // 2, 2, 3 and 2, 3, 3 both count how often; where one of them does not, the other may.
        var count = !isSet && distinct.Count < gold.Items.Count && others.Count < predicted.Items.Count;
        return count ? SameUnordered(gold.Items, predicted.Items) : SameUnordered(distinct, others);
    }

    private static bool IsSet(Node node) => node is Sequence { Kind: SequenceKind.Set } or NamedSet { Name: "∅" };

    private static bool IsTuple(Sequence sequence) => sequence.Kind is SequenceKind.Tuple or SequenceKind.Bracketed;

    private bool SameOrdered(IReadOnlyList<Node> gold, IReadOnlyList<Node> predicted) =>
        gold.Count == predicted.Count && gold.Zip(predicted).All(pair => Same(pair.First, pair.Second));

    private List<Node> Distinct(IReadOnlyList<Node> items)
    {
        var distinct = new List<Node>();
        if (items.Count > 40) return [.. items];
        foreach (var item in items)
        {
            if (!distinct.Any(other => Same(other, item))) distinct.Add(item);
        }
        return distinct;
    }

    // Equality is transitive but for rounding, so the first partner is as good as any.
    private bool SameUnordered(IReadOnlyList<Node> gold, IReadOnlyList<Node> predicted) => SameUnordered(gold, predicted, Same);

    private bool SameUnordered<T>(IReadOnlyList<T> gold, IReadOnlyList<T> predicted, Func<T, T, bool> same)
    {
        if (gold.Count != predicted.Count) return false;
        var free = predicted.ToList();
        foreach (var item in gold)
        {
            budget.Step();
            var partner = free.FindIndex(other => same(item, other));
            if (partner < 0) return false;
            free.RemoveAt(partner);
        }
        return true;
    }

    private bool SameRatio(IReadOnlyList<Node> gold, IReadOnlyList<Node> predicted) =>
        gold.Count == predicted.Count
            && gold.Zip(predicted).Skip(1)
            .All(pair => expressions.Same(Tree.Multiply(pair.First, predicted[0]), Tree.Multiply(pair.Second, gold[0])));

    // Lists in which items are named: x = 1, y = 2.
    private bool SameAssignments(Sequence gold, Sequence predicted)
    {
        var (left, right) = (Named(gold), Named(predicted));
        if (left is not null && right is not null)
        {
            List<Dictionary<string, Node>> records = Records(left), others = Records(right);
            if (records.Count == others.Count
                && records.All(record => others.FindIndex(other => SameRecord(record, other)) is var found and >= 0 && Take(others, found)))
                return true;
            return IsOneName(left) && IsOneName(right) && BaseNameOf(left) == BaseNameOf(right)
                && SameUnordered(Values(left), Values(right));
        }
        if (left is null && right is null) return SameUnordered(gold.Items, predicted.Items);
        var (names, plain) = left is not null ? (left, predicted) : (right!, gold);
        if (plain.Items.Any(item => item is Relation)) return false;
        if (names.Select(item => item.Name).Distinct().Count() < names.Count && !IsOneName(names))
            return SameRecordsAndTuples(names, plain);
        // x = 1 or x = 2 is the list 1, 2 in any order; x = 1, y = 2 is the pair (1, 2).
        return IsOneName(names)
            ? plain.Kind is not (SequenceKind.Tuple or SequenceKind.Bracketed) && SameUnordered(Values(names), plain.Items)
            : SameOrdered(Values(InOrder(names)), plain.Items);
    }

    private static List<Answers.Assignment>? Named(Sequence sequence)
    {
        var named = sequence.Items.Select(Answers.TryAssignment).ToList();
        return named.All(item => item is not null) ? [.. named.Select(item => item!.Value)] : null;
    }

    // Coordinates in their order, however they are told: y = −1, x = 4 is the point (4, −1).
    private static List<Answers.Assignment> InOrder(List<Answers.Assignment> names) =>
        names.All(item => item.Name is "x" or "y" or "z") ? [.. names.OrderBy(item => item.Name, StringComparer.Ordinal)] : names;

    private static bool Take(List<Dictionary<string, Node>> records, int index)
    {
        records.RemoveAt(index);
        return true;
    }

    private static List<Node> Values(List<Answers.Assignment> assignments) => [.. assignments.Select(item => item.Value)];

    private static string BaseNameOf(List<Answers.Assignment> assignments) => Answers.BaseName(assignments[0].Name);

    private static bool IsOneName(List<Answers.Assignment> assignments) =>
        assignments.All(item => Answers.BaseName(item.Name) == BaseNameOf(assignments));

    // A name that comes again begins another solution: p = 5, q = 2, p = 7, q = 2.
    private static List<Dictionary<string, Node>> Records(List<Answers.Assignment> assignments)
    {
        var records = new List<Dictionary<string, Node>> { new() };
        foreach (var (name, value) in assignments)
        {
            if (records[^1].ContainsKey(name)) records.Add([]);
            records[^1].Add(name, value);
        }
        return records;
    }

    private bool SameRecord(Dictionary<string, Node> gold, Dictionary<string, Node> predicted) =>
        gold.Count == predicted.Count && gold.All(pair => predicted.TryGetValue(pair.Key, out var value) && Same(pair.Value, value));

    // Several solutions by names against tuples: x = 1, y = 2 or x = 3, y = 4 is (1, 2), (3, 4).
    private bool SameRecordsAndTuples(List<Answers.Assignment> names, Sequence plain)
    {
        var tuples = Records(names).Select(record => (Node)new Sequence(SequenceKind.Tuple, [.. record.Values])).ToList();
        return SameUnordered(tuples, plain.Items);
    }

    // Values with their conditions, in any order.
    private bool SameCases(IReadOnlyList<Node> gold, IReadOnlyList<Node> predicted)
    {
        return gold.Count % 2 == 0 && SameUnordered([.. gold.Chunk(2)], [.. predicted.Chunk(2)], SameOrdered);
    }

    private static bool IsInequality(Node node) =>
        node is Relation relation && relation.Operators.Any(sign => sign is "<" or ">" or "≤" or "≥" or "≠");

    private bool SameSets(Node gold, Node predicted)
    {
        (gold, predicted) = (WithoutDegrees(gold), WithoutDegrees(predicted));
        // Relations with nothing but commas between them hold together or are alternatives, whichever the other answer says.
        var (left, right) = (sets.Readings(gold, isGold: true), sets.Readings(predicted, isGold: false));
        return left.Any(one => right.Any(one.IsSame));
    }

    // 0° < α < 90° in radians
    private static Node WithoutDegrees(Node node) => node switch
    {
        Measured measured when InRadians(measured) is { } angle => angle,
        Measured or Words or Symbol or Number => node,
        _ => Tree.Map(node, WithoutDegrees),
    };

    private bool SameRelation(Node gold, Node predicted)
    {
        if (gold is Relation a && predicted is Relation b) return SameRelations(a, b);
        var (relation, other) = gold is Relation left ? (left, predicted) : ((Relation)predicted, gold);
        if (Answers.TryAssignment(relation) is { } assignment) return ReferenceEquals(relation, gold) ? Same(assignment.Value, other)
            : Same(other, assignment.Value);
        if (relation is { Operators: ["∈"], Sides: [Symbol, var set] }) return Same(set, other);
        // ∫ f(x) dx = F(x) + C
        if (relation is { Operators: ["="], Sides: [Call { Function: "int" or "lim" or "sum" or "prod" }, var worth] })
            return ReferenceEquals(relation, gold) ? Same(worth, other) : Same(other, worth);
        if (!IsInequality(relation)) return false;
        var isSet = IsSetLike(other) || other is Sequence { Kind: SequenceKind.Tuple or SequenceKind.Bracketed, Items.Count: 2 };
        if (!isSet) return other is Sequence { IsOpen: true } or Sequence { Kind: SequenceKind.Set } && SameSets(gold, predicted);
        return options.SetAgainstRelation switch
        {
            SetRelationPolicy.Never => false,
            SetRelationPolicy.Always => SameSets(gold, predicted),
            _ => (gold is not Sequence { Kind: SequenceKind.Tuple } pair
                || pair.Items.SelectMany(Tree.Walk).Any(part => part is Symbol { Name: "∞" })) && SameSets(gold, predicted),
        };
    }

    private bool SameRelations(Relation gold, Relation predicted)
    {
        if (gold.Operators.SequenceEqual(predicted.Operators) && SameOrdered(gold.Sides, predicted.Sides)) return true;
        if (gold.Operators is ["∥" or "⊥" or "≅" or "~"] && gold.Operators.SequenceEqual(predicted.Operators)
            && SameOrdered(gold.Sides, [.. predicted.Sides.Reverse()])) return true;
        if (IsNamedSet(predicted) is { } set && IsInequality(gold)) return Same(gold, set);
        if (IsNamedSet(gold) is { } named && IsInequality(predicted)) return Same(named, predicted);
        if (Definitions.TryNormalize(gold, budget) is { } definition && Definitions.TryNormalize(predicted, budget) is { } other1
            && SameOrdered(definition.Sides, other1.Sides)) return true;
        if (gold.Operators.Count == 1 && predicted.Operators.Count == 1)
        {
            var (sign, other) = (gold.Operators[0], predicted.Operators[0]);
            if (Answers.TryAssignment(gold) is { } a && Answers.TryAssignment(predicted) is { } b
                && (a.Name == b.Name || IsFunctionValue(gold, predicted) || IsFunctionValue(predicted, gold)) && Same(a.Value, b.Value))
                return true;
            // Where x = 5 is asked for, 2x = 10 is not solved.
            if (Answers.TryAssignment(gold) is { } solved && Tree.IsConstant(solved.Value) && Answers.TryAssignment(predicted) is null
                && !IsDifference(predicted)) return false;
            if (gold.Sides.Concat(predicted.Sides).Any(side => HasOddParts(side) || side is Words or Measured { Unit: not "°" }))
                return sign is "=" or "≠" && sign == other && SameOrdered(gold.Sides, [.. predicted.Sides.Reverse()]);
            if (Flip(sign) is { } flipped && (other == sign || other == flipped))
            {
                var (right, given) = (Tree.Minus(gold.Sides[0], gold.Sides[1]), Tree.Minus(predicted.Sides[0], predicted.Sides[1]));
                var proportion = expressions.Proportion(right, given);
                if (proportion is > 0 && other == sign || proportion is < 0 && other == flipped || proportion is not null
                    && sign is "=" or "≠") return true;
                if (sign is "=" && expressions.HaveSameZeros(right, given)) return true;
            }
        }
        else if (gold.Operators.Count == predicted.Operators.Count
            && gold.Operators.Select(Flip).SequenceEqual(predicted.Operators.Reverse())
            && SameOrdered(gold.Sides, [.. predicted.Sides.Reverse()])) return true;
        return (IsInequality(gold) || IsInequality(predicted)) && VariableOf(gold) == VariableOf(predicted) && SameSets(gold, predicted);
    }

    // x − 5 = 0, as lines are written.
    private static bool IsDifference(Relation relation) =>
        relation.Sides is [Sum { Terms: [Symbol, _] }, Number { Value.IsZero: true }] && relation.Operators[0] == "=";

    // The set in S = (2, 3), or null.
    private static Node? IsNamedSet(Relation relation) =>
        Answers.TryAssignment(relation) is { Value: var value } && (IsSetLike(value)
            || value is Sequence { Kind: SequenceKind.Tuple or SequenceKind.Bracketed, Items.Count: 2 }) ? value : null;

    private static string? VariableOf(Relation relation) =>
        relation.Sides.SelectMany(Tree.Walk).OfType<Symbol>().FirstOrDefault(symbol => !symbol.IsConstant)?.Name;

    // y = 2x, f(x) = 2x and y(x) = 2x say the same.
    private static bool IsFunctionValue(Relation a, Relation b) => b.Sides[0] is Symbol symbol && a.Sides[0] switch
    {
        Call { Function: ['f', 'n', ' ', .. var name] } => symbol.Name == "y" || symbol.Name == name,
        Product { Factors: [Symbol name, Symbol argument] } => symbol.Name == name.Name
            && BoundNames.Free(b.Sides[1]).Contains(argument.Name),
        _ => false,
    };

    private static string? Flip(string sign) =>
        sign switch { "<" => ">", ">" => "<", "≤" => "≥", "≥" => "≤", "=" or "≠" => sign, _ => null };
}

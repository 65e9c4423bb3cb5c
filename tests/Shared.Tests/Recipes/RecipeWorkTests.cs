using System.Text;
using System.Text.Json;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>Recipes that are made to cost: what reading them takes grows with their length, and what is said of them has a bound.</summary>
public sealed class RecipeWorkTests
{
    private const int MostBytes = 256 << 10;

    private static readonly Dictionary<string, Func<int, string>> Costly = new()
    {
        ["one line of many fields"] = n => Object(n, i => $"\"f{i}\":{i}"),
        ["many lines"] = n => Object(n, i => $"\"f{i}\":{i}\n\n"),
        ["a long list"] = n => $"{{\"name\":[{string.Join(',', Enumerable.Repeat("0", n))}]}}",
        ["one name twice, often"] = n => Object(n, _ => "\"name\":\"a\""),
        ["a long name around many"] = n => $"{{\"{new string('x', n)}\":{Object(150, i => $"\"f{i}\":{i}")}}}",
        ["long values"] = n => $"{{\"name\":\"{new string('é', n)}\",\"seed\":\"{new string('x', n)}\"}}",
        ["many stages"] = n => $"{{\"name\":\"a\",\"stages\":{Object(n, i => $"\"s{i}\":{{\"kind\":\"sft\",\"from\":\"s{i - 1}\"}}")}}}",
        ["many tasks"] = n => $"{{\"name\":\"a\",\"tasks\":{Object(n, i => $"\"t{i}\":{{\"kind\":\"nothing\"}}")}}}",
        ["many unknown fields of stages"] = n =>
            $"{{\"name\":\"a\",\"stages\":{Object(150, s => $"\"s{s}\":{{\"kind\":\"rl\",{string.Join(',', Enumerable.Range(0, Math.Max(1, n / 150)).Select(i => $"\"f{i}\":0"))}}}")}}}",
        ["wrong escapes"] = n => $"{{\"name\":[{string.Join(',', Enumerable.Repeat("\"\\ud800\"", n))}]}}",
    };

    public static TheoryData<string> Names => [.. Costly.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_CostlyRecipe_TakesMemoryInProportionAndSaysLittle(string name)
    {
        var (small, large) = (Costly[name](4_000), Costly[name](16_000));
        Refused(small); // whatever is made once
        var (before, after) = (Allocated(small), Allocated(large));
        after.ShouldBeLessThan(6 * before + (4 << 20));

        var scanned = TextPosition.ScannedByThread;
        var problems = Refused(large);
        // where each name and value is: a byte is looked at once
        (TextPosition.ScannedByThread - scanned).ShouldBeLessThanOrEqualTo(Encoding.UTF8.GetByteCount(large));
        problems.Count.ShouldBeLessThanOrEqualTo(100);
        JsonSerializer.SerializeToUtf8Bytes(problems, R1Json.Options).Length.ShouldBeLessThan(MostBytes);
        Encoding.UTF8.GetByteCount(string.Join('\n', problems)).ShouldBeLessThan(MostBytes);
    }

    [Fact]
    public void Position_ManyTokensInALine_LooksAtEachByteOnce()
    {
        var text = Encoding.UTF8.GetBytes(new string('é', 50_000) + "\n" + new string('x', 100_000));
        var before = TextPosition.ScannedByThread;
        var position = new TextPosition(text);
        for (var at = 0; at < text.Length; at += 2) position.MoveTo(at);
        (TextPosition.ScannedByThread - before).ShouldBeLessThanOrEqualTo(text.Length);
        (position.Line, position.Column).ShouldBe((2, 100_000));
    }

    [Fact]
    public void MergeOrder_LongLists_ComparesEachNameAFewTimes()
    {
        var counting = new CountingComparer();
        string[] inherited = [.. Enumerable.Range(0, 20_000).Select(i => $"a{i}")],
            own = [.. Enumerable.Range(0, 20_000).SelectMany(i => new[] { $"b{i}", $"a{i}" })];
        var merged = RecipeInheritance.MergeOrder(inherited, own, counting);
        merged.ShouldBe(own);
        counting.Calls.ShouldBeLessThan(10 * (inherited.Length + own.Length));
    }

    [Fact]
    public void Parse_ManyValuesWithinLongNames_DoNotCarryTheNames()
    {
        const int depth = 50;
        var name = new string('x', 80);
        var lists = string.Join(',', Enumerable.Repeat($"[{string.Join(',', Enumerable.Repeat("0", 1000))}]", 60));
        var json = $"{string.Concat(Enumerable.Repeat($"{{\"{name}\":", depth))}[{lists}]{new string('}', depth)}";
        Allocated(json); // whatever is made once
        Allocated(json).ShouldBeLessThan(64 << 20);
    }

    [Fact]
    public void Parse_MoreProblemsThanAreTold_SaysSoLast()
    {
        var problems = Refused($"{{\"name\":\"a\",\"stages\":{Object(150, i => $"\"s{i}\":{{\"kind\":\"nothing\"}}")}}}");
        problems.Count.ShouldBe(100);
        problems[^1].Message.ShouldContain("more problems");
        problems[^2].Message.ShouldContain("nothing");
    }

    [Fact]
    public void Parse_BenchmarksTimesStages_AreBounded()
    {
        // Each benchmark is given all that its evaluation says: a short text would become a long recipe.
        var evaluation = $"{{\"rewards\":{{\"accuracy/exact\":1}},\"benchmarks\":{Object(190, i => $"\"b{i}\":{{}}")}}}";
        var problems =
            Refused(
                $"{{\"name\":\"a\",\"stages\":{Object(190, i => $"\"s{i}\":{{\"kind\":\"evaluate\",\"from\":\"x\",\"evaluation\":{evaluation}}}")}}}");
        problems.ShouldContain(problem => problem.Message.Contains("too many benchmarks", StringComparison.Ordinal));
    }

    [Fact]
    public void Parse_StudentsTimesStages_AreBounded()
    {
        var students = Object(150, i => $"\"x{i}\":{{\"from\":\"b\"}}");
        Refused(
            $"{{\"name\":\"a\",\"stages\":{Object(150, i => $"\"s{i}\":{{\"kind\":\"distill\",\"data\":[\"d\"],\"students\":{students}}}")}}}")
            .ShouldContain(problem => problem.Message.Contains("too many stages", StringComparison.Ordinal));
    }

    private static string Object(int count, Func<int, string> member) =>
        $"{{{string.Join(',', Enumerable.Range(0, count).Select(member))}}}";

    private static IReadOnlyList<RecipeProblem> Refused(string json) =>
        Should.Throw<RecipeException>(() => RecipeLoader.Parse(json, "recipe")).Problems;

    private static long Allocated(string json)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refused(json);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private sealed class CountingComparer : IEqualityComparer<string>
    {
        public int Calls { get; private set; }

        public bool Equals(string? x, string? y)
        {
            Calls++;
            return x == y;
        }

        public int GetHashCode(string value)
        {
            Calls++;
            return value.GetHashCode(StringComparison.Ordinal);
        }
    }
}

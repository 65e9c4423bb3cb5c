using System.Text.RegularExpressions;
using R1Cloud.Testing;

namespace R1Cloud.Architecture.Tests;

/// <summary>What the manual quotes as code is there: commands, options, fields, variables, and what reading.md leads to.</summary>
public sealed partial class DocQuotesTests
{
    // What stands in sources, recipes and infrastructure; options as the programs spell them.
    private static readonly HashSet<string> Words = [.. Word().Matches(DocFiles.SourceText).Select(word => word.Value)];
    private static readonly HashSet<string> Options = [.. Option().Matches(DocFiles.ProgramText).Select(option => option.Value)];
    private static readonly HashSet<string> Fields = new(Words, StringComparer.OrdinalIgnoreCase);

    [Fact]
    public void Commands_OfOurPrograms_AreThereWithTheirOptions() => Missing(quote =>
    {
        if (Command().Match(quote) is not { Success: true } call) return [];
        var missing = Option().Matches(quote).Select(option => option.Value).Where(option => !Options.Contains(option));
        return DocFiles.ProgramText.Contains($"\"{call.Groups["name"].Value}\"", StringComparison.Ordinal)
            ? missing : missing.Prepend(call.Value);
    });

    [Fact]
    public void Fields_OfRecipesAndStoredForms_AreThere() =>
        Missing(quote => Field().IsMatch(quote) && !Fields.Contains(quote) ? [quote] : []);

    [Fact]
    public void Variables_OfTheEnvironment_AreThere() =>
        Missing(quote => Variable().Matches(quote).Select(name => name.Value).Where(name => !Words.Contains(name)));

    [Fact]
    public void Routes_OfTheRunApi_AreThoseOfItsPage()
    {
        var routes = Routes("src", "Pipeline", "Api", "ApiRoutes.cs");
        routes.Count.ShouldBeGreaterThan(20);
        Routes("docs", "run-api.md").ShouldBe(routes, ignoreOrder: true);
    }

    private static HashSet<string> Routes(params ReadOnlySpan<string> file) =>
        [.. Route().Matches(File.ReadAllText(Repository.PathOf(file))).Select(route => route.Value)];

    // `file`, `Member` in a row leads to a member of that file; `Type.Member` to one of the type's.
    [Fact]
    public void Reading_FilesAndMembers_AreThere()
    {
        var rows = File.ReadAllLines(Repository.PathOf("docs", "reading.md")).Where(line => line.StartsWith('|')).ToList();
        var wrong = new List<string>();
        foreach (var quotes in rows.Select(row => Quoted().Matches(row).Select(quote => quote.Groups["code"].Value).ToList()))
        {
            var text = quotes is [var path, ..] && path.EndsWith(".cs", StringComparison.Ordinal)
                ? File.ReadAllText(Repository.PathOf(path)) : null;
            wrong.AddRange(quotes.Where(quote => Member().IsMatch(quote) && !IsThere(quote.Split('.'), text)));
        }
        wrong.ShouldBeEmpty();
        Files(rows).Count.ShouldBe(10);
        Files(rows).Sum(file => File.ReadAllLines(Repository.PathOf(file)).Length).ShouldBeLessThan(1_400, "it is read in an hour");
    }

    // What the first table has a newcomer read.
    private static List<string> Files(List<string> rows) => [.. rows.Select(row => Quoted().Match(row).Groups["code"].Value)
        .Where(path => path.EndsWith(".cs", StringComparison.Ordinal))];

    private static bool IsThere(string[] names, string? text)
    {
        if (names is [var alone]) return text is null ? Words.Contains(alone) : Has(text, alone);
        var file = Directory.EnumerateFiles(Repository.PathOf("src"), $"{names[0]}.cs", SearchOption.AllDirectories).FirstOrDefault();
        return file is not null && Has(File.ReadAllText(file), names[1]);
    }

    private static bool Has(string text, string name) => Regex.IsMatch(text, $@"\b{name}\b");

    private static void Missing(Func<string, IEnumerable<string>> find) =>
        DocFiles.Manual.SelectMany(file => DocFiles.Quotes(file).SelectMany(find).Select(quote => $"{DocFiles.Shown(file)}: {quote}"))
            .ShouldBeEmpty();

    [GeneratedRegex(@"[A-Za-z_]\w*")]
    private static partial Regex Word();

    [GeneratedRegex(@"(?<![\w.$-])--[a-z][a-z0-9-]+")]
    private static partial Regex Option();

    [GeneratedRegex(@"^\s*(?:\$ )?(?:\./)?(?:r1|gpujob|r1-engine) (?<name>[a-z][a-z-]*)")]
    private static partial Regex Command();

    [GeneratedRegex(@"/api/[a-z/{}]*[a-z}]")]
    private static partial Regex Route();

    [GeneratedRegex(@"^[a-z]+(?:[A-Z][a-z0-9]*)+$")]
    private static partial Regex Field();

    [GeneratedRegex(@"\bR1_[A-Z0-9_]+")]
    private static partial Regex Variable();

    [GeneratedRegex("`(?<code>[^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^[A-Z]\w+(?:\.[A-Z]\w+)*$")]
    private static partial Regex Member();
}

using System.Text.RegularExpressions;

namespace R1Cloud.Infra.Tests.Container;

/// <summary>A line of the Dockerfile, continuations joined.</summary>
internal sealed record DockerInstruction(string Stage, string Word, string Text)
{
    /// <summary>Its options.</summary>
    public IReadOnlyList<string> Options => [.. Text.Split(' ').Where(word => word.StartsWith("--", StringComparison.Ordinal))];

    /// <summary>Its words without options.</summary>
    public IReadOnlyList<string> Arguments => [.. Text.Split(' ').Where(word => !Options.Contains(word))];

    /// <summary>Whether it copies from the repository, not from another stage.</summary>
    public bool IsCopyOfTheRepository => Word == "COPY" && !Options.Any(option => option.StartsWith("--from=", StringComparison.Ordinal));
}

/// <summary>The image's Dockerfile.</summary>
internal static class Dockerfile
{
    public static string Content { get; } = File.ReadAllText(Repository.Path("infra", "docker", "Dockerfile"));

    public static IReadOnlyList<DockerInstruction> Instructions { get; } = Parse();

    private static List<DockerInstruction> Parse()
    {
        var stage = "";
        var list = new List<DockerInstruction>();
        foreach (var line in Regex.Replace(Content, @"\\\n\s*", "").Split('\n').Where(line => line.Length > 0 && line[0] != '#'))
        {
            var word = line.Split(' ')[0];
            word.ShouldBe(word.ToUpperInvariant(), line);
            var rest = line[word.Length..].Trim();
            if (word == "FROM") stage = Regex.Match(rest, @" AS (\S+)$").Groups[1].Value;
            list.Add(new(stage, word, rest));
        }
        return list;
    }
}

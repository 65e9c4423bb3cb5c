using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace R1Cloud.Hub.Splits;

/// <summary>A configuration that a README declares.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Folder">The folder that its patterns are seen from (<c>data_dir</c>); null for the repository.</param>
/// <param name="Splits">Its splits; empty where the files' names say them.</param>
/// <param name="IsDefault">Whether it is meant where none is named.</param>
internal sealed record DeclaredConfig(string Name, string? Folder, IReadOnlyList<DeclaredSplit> Splits, bool IsDefault);

/// <summary>A split that a README declares.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Patterns">Patterns of its files.</param>
internal sealed record DeclaredSplit(string Name, IReadOnlyList<string> Patterns);

/// <summary>What a data set's README says in YAML between lines of <c>---</c>: <c>configs</c>, each with <c>data_files</c>.</summary>
internal static class FrontMatter
{
    private const string Fence = "---";
    private const int MostCharacters = 1 << 20, MostDepth = 32, MostEvents = 100_000;

    /// <summary>The configurations; empty where none are declared.</summary>
    /// <exception cref="FormatException">It is no YAML that means anything here.</exception>
    public static IReadOnlyList<DeclaredConfig> Read(string readme)
    {
        var lines = readme.Split('\n').Select(line => line.TrimEnd('\r')).ToList();
        if (readme.Length > MostCharacters || lines[0].TrimStart('\uFEFF') != Fence) return [];
        var end = lines.IndexOf(Fence, 1);
        if (end < 0) return [];
        var yaml = string.Join('\n', lines[1..end]);
        try
        {
            Bound(yaml);
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is not YamlMappingNode root
                || Get(root, "configs") is not YamlSequenceNode configs) return [];
            return [.. configs.Children.OfType<YamlMappingNode>().Select(ConfigOf)];
        }
        catch (YamlException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    // A stranger's text: what is nested without end would end the process.
    private static void Bound(string yaml)
    {
        var parser = new Parser(new StringReader(yaml));
        for (int depth = 0, events = 0; parser.MoveNext(); events++)
        {
            depth += parser.Current!.NestingIncrease;
            if (depth > MostDepth || events > MostEvents || parser.Current is AnchorAlias)
                throw new FormatException("nested too deep, too long, or with aliases");
        }
    }

    private static DeclaredConfig ConfigOf(YamlMappingNode config) => new(
        Text(Get(config, "config_name")) ?? "default", Text(Get(config, "data_dir")), SplitsOf(Get(config, "data_files")),
        Text(Get(config, "default")) == "true");

    private static IReadOnlyList<DeclaredSplit> SplitsOf(YamlNode? files) => files switch
    {
        null => [],
        YamlSequenceNode list when list.Children.OfType<YamlMappingNode>().Any() =>
            [.. list.Children.OfType<YamlMappingNode>().Select(split =>
                new DeclaredSplit(Text(Get(split, "split")) ?? "train", Texts(Get(split, "path"))))],
        YamlMappingNode splits => [.. splits.Children.Select(split => new DeclaredSplit(Text(split.Key) ?? "train", Texts(split.Value)))],
        _ => [new("train", Texts(files))],
    };

    private static IReadOnlyList<string> Texts(YamlNode? node) => node is YamlSequenceNode list
        ? [.. list.Children.Select(Text).OfType<string>()] : Text(node) is { } one ? [one] : [];

    private static string? Text(YamlNode? node) => (node as YamlScalarNode)?.Value;

    private static YamlNode? Get(YamlMappingNode node, string name) =>
        node.Children.FirstOrDefault(entry => Text(entry.Key) == name).Value;
}

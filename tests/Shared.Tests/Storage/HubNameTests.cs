using R1Cloud.Shared.Storage;

namespace R1Cloud.Shared.Tests.Storage;

public sealed class HubNameTests
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    [Theory]
    [InlineData("hf:Qwen/Qwen2.5-1.5B", "Qwen/Qwen2.5-1.5B", null, null, null, null)]
    [InlineData("hf:acme/tiny@v1.0", "acme/tiny", null, null, "v1.0", null)]
    [InlineData("hf:acme/tiny@exp/a", "acme/tiny", null, null, "exp/a", null)]
    [InlineData("hf:openai/gsm8k/main/train", "openai/gsm8k", "main", "train", null, null)]
    [InlineData("hf:openai/gsm8k/main@refs/convert/parquet", "openai/gsm8k", "main", null, "refs/convert/parquet", null)]
    [InlineData($"hf:acme/tiny@{Commit}", "acme/tiny", null, null, Commit, null)]
    [InlineData($"hf:acme/tiny@{Commit}/data/train.jsonl", "acme/tiny", null, null, Commit, "data/train.jsonl")]
    public void Parse_OfAName_HasItsParts(string text, string repository, string? config, string? split, string? revision, string? file)
    {
        var name = HubName.Parse(text);
        name.ShouldBe(new HubName(repository, config, split, revision, file));
        name.ToString().ShouldBe(text);
        name.IsPinned.ShouldBe(revision == Commit);
    }

    [Theory]
    [InlineData("hf:")]
    [InlineData("hf:tiny")]
    [InlineData("hf:acme/tiny/a/b/c")]
    [InlineData("hf:acme/")]
    [InlineData("hf:acme/../tiny")]
    [InlineData("hf:acme/a--b")]
    [InlineData("hf:acme/a..b")]
    [InlineData("hf:acme/tiny.git")]
    [InlineData("hf:-acme/tiny")]
    [InlineData("hf:acme/tiny ")]
    [InlineData("hf:acme/ti ny")]
    [InlineData("hf:acme/tiny@")]
    [InlineData("hf:acme/tiny@../x")]
    [InlineData("hf:acme/tiny@a b")]
    [InlineData("hf:acme/tiny/main/..")]
    [InlineData($"hf:acme/tiny@{Commit}/../x")]
    [InlineData($"hf:acme/tiny/main@{Commit}/x.jsonl")]
    [InlineData("hf:http://evil/x")]
    public void Parse_OfWhatIsNone_SaysWhatIs(string text) =>
        Should.Throw<BadInputException>(() => HubName.Parse(text)).Message.ShouldContain("hf:ORG/NAME");
}

using R1Cloud.GpuJob.Gguf;
using R1Cloud.Shared;
using R1Cloud.Testing;
using R1Cloud.Tokenizers.Tests;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace R1Cloud.GpuJob.Tests.Gguf;

public sealed class GgufFileTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Whatever is done to a file, it is read or refused in one line that names it; nothing is allocated on its word.</summary>
    [Fact]
    public void Unpack_MutatedFile_IsReadOrRefusedByName()
    {
        var whole = Small();
        var random = new Random(7);
        var refused = 0;
        for (var i = 0; i < 3000; i++)
        {
            var bytes = (byte[])whole.Clone();
            for (var change = random.Next(1, 4); change > 0; change--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0) bytes = bytes[..random.Next(bytes.Length)];
            var path = folder["mutated.gguf"];
            File.WriteAllBytes(path, bytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                GgufUnpacking.Unpack(path, folder["out"]);
            }
            catch (BadInputException e) // and nothing else
            {
                refused++;
                e.Message.ShouldContain("mutated.gguf");
            }
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(64 << 20, $"mutation {i}");
        }
        refused.ShouldBeGreaterThan(300);
    }

    [Fact]
    public void Unpack_UnknownArchitectureTypeOrTensor_IsNamed()
    {
        Refusal(writer => writer.Add("general.architecture", "mamba"))
            .ShouldContain("general.architecture is 'mamba'; read are llama, qwen2, qwen3");
        Refusal(writer => writer.Add("llama.expert_count", 8)).ShouldContain("llama.expert_count is 8");
        Refusal(writer => writer.Add("llama.attention.sliding_window", 128)).ShouldContain("llama.attention.sliding_window is 128");
        Refusal(writer => writer.Add("llama.logit_scale", 0.5f)).ShouldContain("llama.logit_scale says what is not done here");
        Refusal(writer => writer.Add("llama.final_logit_softcapping", 30f)).ShouldContain("llama.final_logit_softcapping says");
        Refusal(writer => writer.Add("llama.rope.freq_base", float.PositiveInfinity)).ShouldContain("llama.rope.freq_base is");
        Refusal(writer => writer.Add("llama.vocab_size", 7)).ShouldContain("llama.vocab_size is 7, and the embedding has ");
        Refusal(writer => writer.Add("general.alignment", 12)).ShouldContain("general.alignment is 12; allowed is a multiple of 8");
        Refusal(writer => writer.Add("llama.rope.scaling.type", "longrope")).ShouldContain("llama.rope.scaling.factor is missing");
    }

    [Theory]
    [InlineData(99)]
    [InlineData(-1)]
    public void Unpack_TypeOfATokenThatThereIsNot_IsNamed(int type) =>
        Refusal(writer => writer.Add("tokenizer.ggml.token_type", (int[])[3, 1, type, 1]))
            .ShouldContain($"token_type of 2 is {type}: it must be 0 to 6");

    [Theory]
    [InlineData(0, "overlap")] // with the embedding, which lies there
    [InlineData(33, "tensor 'output_norm.weight' lies at 33, no multiple of general.alignment, 32")]
    public void Unpack_TensorsThatLieWrongly_AreNamed(long at, string named)
    {
        const string Name = "output_norm.weight";
        var bytes = Small();
        var place = bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(Name)) + Name.Length + 4 + 8 + 4; // dimensions, one, type
        BitConverter.TryWriteBytes(bytes.AsSpan(place), at).ShouldBeTrue();
        File.WriteAllBytes(folder["placed.gguf"], bytes);
        Should.Throw<BadInputException>(() => GgufUnpacking.Unpack(folder["placed.gguf"], folder["placed"])).Message.ShouldContain(named);
    }

    [Fact]
    public void RefuseOther_FileThatIsNoModel_IsToldWhatItIs()
    {
        string Told(string content)
        {
            File.WriteAllText(folder["other.gguf"], content);
            return Should.Throw<BadInputException>(() => GgufFile.RefuseOther(folder["other.gguf"])).Message;
        }
        Told("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
            .ShouldContain("other.gguf: it is a Git LFS pointer");
        Told("GGML").ShouldContain("other.gguf: it is a file, and not in GGUF");
        Told("").ShouldContain("not in GGUF");
        File.WriteAllBytes(folder["other.gguf"], Small());
        GgufFile.RefuseOther(folder["other.gguf"]);
        GgufFile.RefuseOther(folder["absent"]);
    }

    [Fact]
    public void Of_ScoresOfAPublishedVocabulary_GivesItsMerges()
    {
        var file = Path.Combine(PublishedTokenizers.Folder("llama2"), "tokenizer.json");
        var json = JsonNode.Parse(File.ReadAllBytes(file))!["model"]!;
        var vocabulary = json["vocab"].Deserialize<Dictionary<string, int>>()!;
        var expected = json["merges"]!.AsArray()
            .Select(merge => merge is JsonArray pair ? $"{pair[0]} {pair[1]}" : (string)merge!).ToList();
        // SentencePiece's scores of that model: 0 for marks and bytes, then one less for each token.
        var scores = Enumerable.Range(0, vocabulary.Count).Select(id => id < 259 ? 0.0 : 259 - id).ToList();
        var made = SentencePieceMerges.Of(vocabulary, scores).Select(merge => $"{merge.Left} {merge.Right}").ToList();
        // Runs of spaces have scores of their own there.
        foreach (var (one, other) in made.Where(IsWord).Zip(expected.Where(IsWord))) one.ShouldBe(other);
        made.Count.ShouldBe(expected.Count);

        static bool IsWord(string merge) => merge.Trim('▁', ' ').Length > 0;
    }

    private string Refusal(Action<GgufWriter> more)
    {
        var path = folder["refused.gguf"];
        File.WriteAllBytes(path, Small(more));
        return Should.Throw<BadInputException>(() => GgufUnpacking.Unpack(path, folder["refused"])).Message;
    }

    private static byte[] Small(Action<GgufWriter>? more = null)
    {
        var writer = new GgufWriter();
        more?.Invoke(writer);
        if (more is null || !Writes(more, "general.architecture")) writer.Add("general.architecture", "llama");
        (string, int)[] shape = [("block_count", 1), ("context_length", 64), ("embedding_length", 32), ("feed_forward_length", 32),
            ("attention.head_count", 2)];
        foreach (var (field, value) in shape) writer.Add($"llama.{field}", value);
        writer.Add("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        writer.Add("tokenizer.ggml.model", "gpt2");
        writer.Add("tokenizer.ggml.pre", "gpt-2");
        writer.Add("tokenizer.ggml.tokens", (string[])["<s>", "a", "b", "ab"]);
        if (more is null || !Writes(more, "ggml.token_type")) writer.Add("tokenizer.ggml.token_type", (int[])[3, 1, 1, 1]);
        writer.Add("tokenizer.ggml.merges", (string[])["a b"]);
        writer.Add("tokenizer.ggml.eos_token_id", 0);
        using var stream = new MemoryStream();
        writer.Write(stream,
        [
            Tensor("token_embd.weight", "Q8_0", 4, 32), Tensor("output_norm.weight", "F32", 32),
            Tensor("blk.0.attn_norm.weight", "F32", 32), Tensor("blk.0.attn_q.weight", "Q8_0", 32, 32),
            Tensor("blk.0.attn_k.weight", "F16", 32, 32),
        ]);
        return stream.ToArray();
    }

    private static bool Writes(Action<GgufWriter> more, string key)
    {
        var writer = new GgufWriter();
        more(writer);
        using var stream = new MemoryStream();
        writer.Write(stream, []);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray()).Contains(key, StringComparison.Ordinal);
    }

    private static PackedTensor Tensor(string name, string type, params long[] shape) => new(name, GgufTypes.Of(type), shape, write =>
        write([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (product, size) => product * size)).Select(i => i % 7 / 7f)]));
}

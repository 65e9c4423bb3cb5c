using R1Cloud.Inference.Proofs;
using R1Cloud.Inference.Weights;
using R1Cloud.Testing;

namespace R1Cloud.Inference.Tests.Proofs;

public sealed class TensorDigestsTests
{
    // The recorded server held q, k, v and so on in packed form, of which its digests tell nothing.
    [Fact]
    public void Of_TheRecordedModel_AreWhatTheEngineTold()
    {
        var told = VllmRecording.Body("basics/52-weight-checksum").GetProperty("checksums").EnumerateObject()
            .ToDictionary(entry => entry.Name[(entry.Name.LastIndexOf(':') + 1)..], entry => entry.Value.GetString()!);

        var digests = TensorDigests.Of(Fixtures.Shared($"{VllmRecording.Root}/models/A"), "float32");

        digests.Keys.ShouldBe(told.Keys, ignoreOrder: true);
        var proven = told.Where(entry => entry.Value != TensorDigests.Nothing).ToList();
        proven.Count.ShouldBe(10); // the embedding, two norms a layer, the last norm
        foreach (var (name, digest) in proven) digests[name].ShouldBe(digest, name);
    }

    [Fact]
    public void Of_TensorsThatAreStacked_AreThoseOfTheirParts()
    {
        var folder = Fixtures.Shared($"{VllmRecording.Root}/models/UA");
        using var model = SafetensorsModel.Open(folder);
        var stacked = new List<byte>();
        foreach (var part in (string[])["q_proj", "k_proj", "v_proj"])
        {
            var name = $"model.layers.2.self_attn.{part}.weight";
            var numbers = new float[model.Find(name)!.Bytes / 4];
            StoredFloats.Read(model.FileOf(name), name, 0, numbers);
            stacked.AddRange(numbers.SelectMany(BitConverter.GetBytes));
        }

        TensorDigests.Of(folder, "float32")["model.layers.2.self_attn.qkv_proj.weight"]
            .ShouldBe(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(stacked.ToArray())));
    }
}

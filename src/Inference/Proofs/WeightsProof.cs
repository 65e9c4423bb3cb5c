using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Inference.Proofs;

/// <summary>
/// What an engine must show once it has loaded a folder's weights: the file <c>proof.json</c>, which whoever writes the folder writes last.
/// </summary>
public sealed record WeightsProof
{
    /// <summary>The file's name.</summary>
    public const string FileName = "proof.json";

    /// <summary>Tokens of the text that is scored, where the model takes as many and one more, which an engine wants to draw.</summary>
    public const int ProbeTokens = 64;

    /// <summary>The form's version.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Digests of the tensors as engines hold them, by element type (as in config.json), then by the engine's name.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Digests { get; init; }

    /// <summary>The element type (as in config.json) that the log-probabilities were computed in, or for.</summary>
    public required string Type { get; init; }

    /// <summary>A text's token ids.</summary>
    public required IReadOnlyList<int> Ids { get; init; }

    /// <summary>The log-probability of each of its tokens but the first, at temperature 1, as the trainer computes them.</summary>
    public required IReadOnlyList<float> LogProbs { get; init; }

    /// <summary>A name of the weights by their content: equal weights have equal names, whoever wrote them.</summary>
    public string Name() => "r1-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n',
        Digests.OrderBy(type => type.Key, StringComparer.Ordinal).SelectMany(type => type.Value
            .OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{type.Key} {entry.Key} {entry.Value}"))
        .Concat(LogProbs.Select(value => BitConverter.SingleToInt32Bits(value).ToString("x8", null)))))))[..16];

    /// <summary>Proves a folder's weights.</summary>
    /// <param name="folder">The folder, whole but for the proof.</param>
    /// <param name="type">The type that the log-probabilities were computed in or for.</param>
    /// <param name="ids">The text, see <see cref="Text"/>.</param>
    /// <param name="logProbs">What the model gives to it.</param>
    /// <exception cref="WeightsFormatException">The weights are torn or malformed.</exception>
    public static WeightsProof Of(string folder, string type, IReadOnlyList<int> ids, IReadOnlyList<float> logProbs) => new()
    {
        // what trainers keep, and what GPUs compute in, whatever the files hold
        Digests = new[] { "float32", "bfloat16", type }.Distinct().ToDictionary(held => held, held => TensorDigests.Of(folder, held)),
        Type = type, Ids = ids, LogProbs = logProbs,
    };

    /// <summary>A text that is the same everywhere. It leaves the vocabulary's end out, where there may be rows without a token.</summary>
    /// <param name="vocabulary">Ids are below it.</param>
    /// <param name="longest">The longest text that the model takes.</param>
    public static int[] Text(int vocabulary, int longest)
    {
        var random = new SeededRandom(Seeds.Derive(0, "proof", vocabulary));
        var among = Math.Max(1, vocabulary - (vocabulary / 8));
        return [.. Enumerable.Range(0, Math.Min(ProbeTokens, longest - 1)).Select(_ => random.Next(among))];
    }

    /// <summary>Writes it into the folder: whole or not at all.</summary>
    public void Write(string folder)
    {
        var path = Path.Combine(folder, FileName);
        File.WriteAllText(path + ".part", JsonSerializer.Serialize(this, R1Json.Indented));
        File.Move(path + ".part", path, overwrite: true);
    }

    /// <summary>Reads a folder's proof.</summary>
    /// <exception cref="BadInputException">There is none, or it is no proof.</exception>
    public static WeightsProof Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            throw new BadInputException($"{folder}: there is no {FileName}: what an engine loads from here could not be verified. "
                + "Write the folder with gpujob export.");
        return ModelFile.Guard(path, () => JsonSerializer.Deserialize<WeightsProof>(ModelFile.Read(path), R1Json.Options) is
            { Version: 1, Ids.Count: > 1 } proof && proof.LogProbs.Count == proof.Ids.Count - 1
            ? proof : throw new BadInputException($"{path}: it is no proof of weights of version 1."));
    }
}

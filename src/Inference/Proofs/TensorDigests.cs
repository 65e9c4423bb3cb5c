using System.Runtime.InteropServices;
using System.Security.Cryptography;
using R1Cloud.Inference.Weights;

namespace R1Cloud.Inference.Proofs;

/// <summary>SHA-256 of a model's tensors as an engine holds them: stacked, padded, in the type that it computes in.</summary>
public static class TensorDigests
{
    /// <summary>The digest of no bytes: what an engine tells of a tensor whose content it keeps elsewhere. It proves nothing.</summary>
    public const string Nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private const int Piece = 1 << 20; // numbers

    /// <summary>The types that digests can be computed in, by their names in <c>config.json</c>.</summary>
    public static IReadOnlyCollection<string> Types => Writers.Keys;

    private static readonly Dictionary<string, (int Size, Action<float[], int, byte[]> Write)> Writers = new(StringComparer.Ordinal)
    {
        ["float32"] = (4, (numbers, count, bytes) => MemoryMarshal.AsBytes(numbers.AsSpan(0, count)).CopyTo(bytes)),
        ["bfloat16"] = (2, Round),
        ["float16"] = (2, (numbers, count, bytes) =>
        {
            var target = MemoryMarshal.Cast<byte, Half>(bytes.AsSpan());
            for (var i = 0; i < count; i++) target[i] = (Half)numbers[i];
        }),
    };

    /// <summary>Computes them.</summary>
    /// <param name="folder">A model's folder.</param>
    /// <param name="type">The type that the engine computes in, one of <see cref="Types"/>.</param>
    /// <returns>Digests in lower-case hex by the engine's names; tensors that engines hold in no known form are left out.</returns>
    /// <exception cref="Shared.Storage.WeightsFormatException">The files are torn or malformed.</exception>
    public static IReadOnlyDictionary<string, string> Of(string folder, string type)
    {
        using var model = SafetensorsModel.Open(folder);
        return EngineTensors.Of(model).ToDictionary(tensor => tensor.Name, tensor => Digest(model, tensor, type));
    }

    /// <summary>Numbers as an engine holds them that computes in a type.</summary>
    public static float[] Rounded(float[] numbers, string type)
    {
        var (size, write) = Writers[type];
        var bytes = new byte[numbers.Length * size];
        write(numbers, numbers.Length, bytes);
        return type switch
        {
            "bfloat16" => [.. MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan()).ToArray()
                .Select(bits => BitConverter.UInt32BitsToSingle((uint)bits << 16))],
            "float16" => [.. MemoryMarshal.Cast<byte, Half>(bytes.AsSpan()).ToArray().Select(half => (float)half)],
            _ => MemoryMarshal.Cast<byte, float>(bytes.AsSpan()).ToArray(),
        };
    }

    private static string Digest(SafetensorsModel model, EngineTensor tensor, string type)
    {
        var (size, write) = Writers[type];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (numbers, bytes) = (new float[Piece], new byte[Piece * size]);
        foreach (var part in tensor.Parts)
        {
            var (file, stored) = (model.FileOf(part), model.Find(part)!);
            var total = stored.Shape.Aggregate(1L, (product, dimension) => product * dimension);
            for (var at = 0L; at < total; at += Piece)
            {
                var count = (int)Math.Min(Piece, total - at);
                StoredFloats.Read(file, part, at, numbers.AsSpan(0, count));
                write(numbers, count, bytes);
                hash.AppendData(bytes, 0, count * size);
            }
        }
        var width = model.Find(tensor.Parts[0])!.Shape[1..].Aggregate(1L, (product, dimension) => product * dimension);
        var zeros = new byte[Math.Min(tensor.PaddedRows * width * size, Piece)];
        for (var left = tensor.PaddedRows * width * size; left > 0; left -= zeros.Length)
            hash.AppendData(zeros, 0, (int)Math.Min(left, zeros.Length));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // To the nearest, ties to even, as torch converts.
    private static void Round(float[] numbers, int count, byte[] bytes)
    {
        var target = MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan());
        for (var i = 0; i < count; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(numbers[i]);
            target[i] = float.IsNaN(numbers[i]) ? (ushort)0x7FC0 : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }
}

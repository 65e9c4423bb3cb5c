using System.Globalization;
using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Weights;
using R1Cloud.Inference.Wire;

namespace R1Cloud.Inference.Proofs;

/// <summary>Compares numbers that an engine tells of its tensors with those of the files that it should hold.</summary>
internal static class TensorNumbers
{
    // An engine that tells numbers makes a list of the whole tensor first: of a large one that takes its memory and minutes.
    private const long LargestTensor = 1 << 22;

    private const long MostNumbers = 1 << 14; // of each tensor, in whole rows

    /// <summary>Compares.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="folder">The weights' folder.</param>
    /// <param name="types">The types that it may hold them in.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The type in which all are the same, and how many tensors were compared; null where it tells none.</returns>
    /// <exception cref="EngineException">A tensor's numbers are others.</exception>
    public static async Task<(string? Type, int Compared)> CompareAsync(IEngineProtocol engine, string folder, IEnumerable<string> types,
        CancellationToken cancellation)
    {
        using var model = SafetensorsModel.Open(folder);
        var (left, compared) = (types.ToList(), 0);
        foreach (var (name, stored) in model.Tensors.OrderBy(tensor => tensor.Key, StringComparer.Ordinal))
        {
            var width = stored.Shape.Skip(1).Aggregate(1L, (product, dimension) => product * dimension);
            if (stored.Shape.Length == 0 || width * stored.Shape[0] > LargestTensor) continue;
            var rows = (int)Math.Clamp(MostNumbers / width, 1, stored.Shape[0]);
            if (await engine.TensorValuesAsync(name, rows, cancellation) is not { } told) continue;
            if (told.Length != rows * width)
                throw new EngineException(EngineProblem.Broken, string.Create(CultureInfo.InvariantCulture,
                    $"{engine.Address.Authority} holds other weights than the folder's: it tells {told.Length} numbers of {name}, which "
                    + $"has {rows * width} in as many rows."));
            var here = new float[told.Length];
            StoredFloats.Read(model.FileOf(name), name, 0, here);
            left.RemoveAll(type => !told.AsSpan().SequenceEqual(TensorDigests.Rounded(here, type)));
            if (left.Count == 0)
                throw new EngineException(EngineProblem.Broken,
                    $"{engine.Address.Authority} holds other weights than the folder's: the numbers of {name} differ.");
            compared++;
        }
        return (compared > 0 ? left[0] : null, compared);
    }
}

using System.Globalization;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Gguf;

/// <summary>A tensor as a GGUF file lists it.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Type">How its numbers are stored.</param>
/// <param name="Shape">Its shape, the slowest dimension first; the file lists the fastest first.</param>
/// <param name="Start">Where it begins in the file.</param>
internal sealed record GgufTensor(string Name, GgufType Type, IReadOnlyList<long> Shape, long Start)
{
    /// <summary>Numbers in a row.</summary>
    public long Columns => Shape[^1];

    /// <summary>Rows, of whatever dimensions.</summary>
    public long Rows => Shape.Take(Shape.Count - 1).Aggregate(1L, (product, size) => product * size);

    /// <summary>Bytes of a row: a whole number of blocks.</summary>
    public long RowBytes => Columns / Type.Numbers * Type.Bytes;
}

/// <summary>
/// A model as llama.cpp keeps it (GGUF, versions 2 and 3): metadata by key, and tensors in blocks of quantised numbers. The whole directory
/// is read and held to the file's length before a tensor is.
/// </summary>
internal sealed class GgufFile : IDisposable
{
    private const int MostEntries = 1 << 20, MostDimensions = 4;

    private readonly FileStream stream;
    private readonly Dictionary<string, object> metadata = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GgufTensor> tensors = new(StringComparer.Ordinal);

    private GgufFile(string path, FileStream stream)
    {
        (Path, this.stream) = (path, stream);
        var reader = new GgufReader(path, stream);
        reader.Magic();
        var (tensorCount, keyCount) = (reader.Count("tensors", MostEntries), reader.Count("keys", MostEntries));
        for (var i = 0; i < keyCount; i++)
        {
            var key = reader.Text();
            if (!metadata.TryAdd(key, reader.Value(key))) throw reader.Error($"the key '{key}' is there twice");
        }
        var alignment = Whole("general.alignment") ?? 32;
        if (alignment is < 8 or > 1 << 20 || alignment % 8 != 0)
            throw reader.Error($"general.alignment is {alignment}; allowed is a multiple of 8 up to {1 << 20}");
        var listed = Enumerable.Range(0, tensorCount).Select(_ => Tensor(reader)).ToList();
        var start = (reader.Position + alignment - 1) / alignment * alignment;
        foreach (var tensor in listed)
        {
            if (tensor.Start > stream.Length)
                throw reader.Error($"tensor '{tensor.Name}' lies beyond the file's {stream.Length} bytes: it is torn");
            if (tensor.Start % alignment != 0)
                throw reader.Error($"tensor '{tensor.Name}' lies at {tensor.Start}, no multiple of general.alignment, {alignment}");
            Add(tensor with { Start = start + tensor.Start }, reader);
        }
        var inOrder = tensors.Values.OrderBy(tensor => tensor.Start).ToList();
        foreach (var (one, next) in inOrder.Zip(inOrder.Skip(1)))
        {
            if (one.Start + (one.Rows * one.RowBytes) > next.Start)
                throw reader.Error($"the tensors '{one.Name}' and '{next.Name}' overlap");
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Its tensors by name.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors => tensors;

    /// <summary>Whether a file is one, by its first bytes.</summary>
    public static bool Is(string path)
    {
        if (!File.Exists(path) || FileStatus.Of(path) is { Kind: FileKind.Special }) return false; // a pipe would not end
        Span<byte> magic = stackalloc byte[4];
        using var stream = File.OpenRead(path);
        return stream.ReadAtLeast(magic, 4, throwOnEndOfStream: false) == 4 && magic.SequenceEqual("GGUF"u8);
    }

    /// <summary>Refuses a file that stands where a model is named and is none; a folder, or nothing, is somebody else's to tell.</summary>
    /// <param name="path">What is named.</param>
    /// <exception cref="BadInputException">It is a file, and no GGUF file.</exception>
    public static void RefuseOther(string path)
    {
        if (!File.Exists(path) || Is(path)) return;
        if (FileStatus.Of(path) is not { Kind: FileKind.Special })
        {
            using var file = RegularFile.OpenRead(path);
            var start = new byte[64];
            ModelFile.RefusePointer(path, start.AsSpan(0, file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)));
        }
        throw new BadInputException($"{path}: it is a file, and not in GGUF: a model is a folder in Hugging Face layout, or a GGUF file.");
    }

    /// <summary>Opens a file and reads its directory.</summary>
    /// <exception cref="BadInputException">It is none, torn, or lists what cannot be; the message names it.</exception>
    public static GgufFile Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        try
        {
            return new(path, stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    /// <summary>An error of this file's.</summary>
    public BadInputException Error(string what) => new($"{Path}: {what}.");

    /// <summary>A text; null where there is none.</summary>
    /// <exception cref="BadInputException">It is something else.</exception>
    public string? Text(string key) => Get<string>(key, "a text");

    /// <summary>Whether a switch is on; null where there is none.</summary>
    /// <exception cref="BadInputException">It is something else.</exception>
    public bool? Flag(string key) =>
        metadata.TryGetValue(key, out var value) ? value as bool? ?? throw Wrong(key, value, "true or false") : null;

    /// <summary>A whole number; null where there is none.</summary>
    /// <exception cref="BadInputException">It is something else.</exception>
    public long? Whole(string key) =>
        metadata.TryGetValue(key, out var value) ? value as long? ?? throw Wrong(key, value, "a whole number") : null;

    /// <summary>A number; null where there is none.</summary>
    /// <exception cref="BadInputException">It is something else.</exception>
    public float? Number(string key) => metadata.TryGetValue(key, out var value)
        ? value switch
        {
            double number when float.IsFinite((float)number) => (float)number,
            long whole => whole,
            _ => throw Wrong(key, value, "a number"),
        }
        : null;

    /// <summary>The keys that begin so and say something: neither 0, false nor empty.</summary>
    public IEnumerable<string> Telling(string prefix) => metadata.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal)
        && entry.Value is not (0L or 0.0 or false or "" or Array { Length: 0 })).Select(entry => entry.Key);

    /// <summary>A list of texts; null where there is none.</summary>
    /// <exception cref="BadInputException">It is something else.</exception>
    public IReadOnlyList<string>? Texts(string key) => Get<string[]>(key, "a list of texts");

    /// <summary>A list of whole numbers; null where there is none.</summary>
    /// <exception cref="BadInputException">It is something else.</exception>
    public IReadOnlyList<long>? Wholes(string key) => Get<long[]>(key, "a list of whole numbers");

    /// <summary>A list of numbers; null where there is none.</summary>
    /// <exception cref="BadInputException">It is something else.</exception>
    public IReadOnlyList<double>? Numbers(string key) => Get<double[]>(key, "a list of numbers");

    /// <summary>Reads bytes of a tensor's.</summary>
    public void Read(long start, Span<byte> target)
    {
        stream.Position = start;
        stream.ReadExactly(target);
    }

    /// <summary>A tensor's numbers.</summary>
    public float[] ReadAll(GgufTensor tensor)
    {
        var values = new float[checked((int)(tensor.Rows * tensor.Columns))];
        var bytes = new byte[checked((int)(tensor.Rows * tensor.RowBytes))];
        Read(tensor.Start, bytes);
        tensor.Type.Read(bytes, values);
        return values;
    }

    private static GgufTensor Tensor(GgufReader reader)
    {
        var name = reader.Text();
        var dimensions = reader.Number32();
        if (dimensions is < 1 or > MostDimensions)
            throw reader.Error($"tensor '{name}' has {dimensions} dimensions; allowed is 1 to {MostDimensions}");
        var shape = new long[dimensions];
        for (var i = (int)dimensions - 1; i >= 0; i--) shape[i] = reader.Length64($"a dimension of '{name}'");
        var type = GgufTypes.Find(reader.Number32(), out var told)
            ?? throw reader.Error($"tensor '{name}' is of type {told}, which is not read; read are {GgufTypes.Names}");
        return new(name, type, shape, reader.Length64($"the place of '{name}'"));
    }

    private void Add(GgufTensor tensor, GgufReader reader)
    {
        long bytes;
        try
        {
            checked
            {
                var numbers = tensor.Shape.Aggregate(1L, (product, size) => product * size);
                bytes = tensor.Start + (numbers / tensor.Type.Numbers * tensor.Type.Bytes);
            }
        }
        catch (OverflowException)
        {
            bytes = long.MaxValue;
        }
        if (tensor.Shape.Any(size => size < 1) || tensor.Columns % tensor.Type.Numbers != 0)
            throw reader.Error($"tensor '{tensor.Name}' of type {tensor.Type.Name} has the shape {string.Join(" × ", tensor.Shape)}; "
                + $"its rows are whole blocks of {tensor.Type.Numbers} numbers");
        if (bytes > stream.Length)
            throw reader.Error($"tensor '{tensor.Name}' lies beyond the file's {stream.Length} bytes: it is torn");
        if (!tensors.TryAdd(tensor.Name, tensor)) throw reader.Error($"tensor '{tensor.Name}' is there twice");
    }

    private T? Get<T>(string key, string form) where T : class =>
        metadata.TryGetValue(key, out var value) ? value as T ?? throw Wrong(key, value, form) : null;

    private BadInputException Wrong(string key, object value, string form) =>
        Error($"{key} is {(value is Array list ? $"a list of {list.Length}" : Convert.ToString(value, CultureInfo.InvariantCulture))}; "
            + $"allowed is {form}");
}

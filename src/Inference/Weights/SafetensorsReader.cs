using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Text.Json;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Inference.Weights;

/// <summary>
/// Reads a safetensors file through a memory map. The whole header is checked at once; tensors are copied out one by one.
/// </summary>
public sealed class SafetensorsReader : IDisposable
{
    private readonly string path;
    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private readonly Dictionary<string, StoredTensor> tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> metadata = new(StringComparer.Ordinal);

    /// <summary>Opens a file.</summary>
    /// <exception cref="WeightsFormatException">It is torn or malformed.</exception>
    /// <exception cref="R1Cloud.Shared.BadInputException">It is a link that leads to no file.</exception>
    public SafetensorsReader(string path)
    {
        this.path = path;
        ModelFile.RefuseLostLink(path);
        if (FileStatus.Of(path) is { Kind: FileKind.Special })
            throw new WeightsFormatException(path, null, "is a device, a pipe or a socket, and no file.");
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        var length = file.Length; // the opened file's: a link has a length of its own
        if (length < 8)
        {
            file.Dispose();
            throw new WeightsFormatException(path, null, $"{length} bytes are too few for a safetensors file.");
        }
        map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        try
        {
            RefusePointer(length);
            ReadHeader(length);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The file.</summary>
    public string FullName => path;

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors => tensors;

    /// <summary>The file's free text.</summary>
    public IReadOnlyDictionary<string, string> Metadata => metadata;

    /// <summary>Looks a tensor up.</summary>
    /// <exception cref="WeightsFormatException">There is none of that name.</exception>
    public StoredTensor Find(string name) =>
        tensors.TryGetValue(name, out var stored) ? stored : throw new WeightsFormatException(path, name, "is not in the file.");

    /// <summary>Copies bytes of a tensor's content.</summary>
    /// <param name="stored">One of this file's.</param>
    /// <param name="from">The first byte of its content.</param>
    /// <param name="target">Where they go.</param>
    /// <param name="bytes">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">It has not so many.</exception>
    public unsafe void CopyBytes(StoredTensor stored, long from, byte* target, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, stored.Bytes - from);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        try
        {
            Buffer.MemoryCopy(start + view.PointerOffset + stored.Offset + from, target, bytes, bytes);
        }
        finally
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }

    /// <summary>The first tensor whose content is not all finite numbers, or null. Nothing is copied.</summary>
    public unsafe string? FindNotFinite()
    {
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        try
        {
            foreach (var (name, stored) in tensors.Where(tensor => tensor.Value.IsFloatingPoint).OrderBy(tensor => tensor.Value.Offset))
            {
                if (!StoredNumbers.AreFinite(start + view.PointerOffset + stored.Offset, stored)) return name;
            }
            return null;
        }
        finally
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }

    /// <summary>Whether two tensors have the same content, byte by byte.</summary>
    public static unsafe bool SameBytes(SafetensorsReader one, string name, SafetensorsReader other, string otherName)
    {
        var (a, b) = (one.Find(name), other.Find(otherName));
        if (a.TypeName != b.TypeName || a.Bytes != b.Bytes) return false;
        byte* left = null, right = null;
        one.view.SafeMemoryMappedViewHandle.AcquirePointer(ref left);
        other.view.SafeMemoryMappedViewHandle.AcquirePointer(ref right);
        try
        {
            const int Piece = 1 << 30;
            left += one.view.PointerOffset + a.Offset;
            right += other.view.PointerOffset + b.Offset;
            for (var at = 0L; at < a.Bytes; at += Piece)
            {
                var count = (int)Math.Min(Piece, a.Bytes - at);
                if (!new ReadOnlySpan<byte>(left + at, count).SequenceEqual(new ReadOnlySpan<byte>(right + at, count))) return false;
            }
            return true;
        }
        finally
        {
            one.view.SafeMemoryMappedViewHandle.ReleasePointer();
            other.view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }

    private void RefusePointer(long length)
    {
        var start = new byte[Math.Min(length, 64)];
        view.ReadArray(0, start, 0, start.Length);
        ModelFile.RefusePointer(path, start);
    }

    private void ReadHeader(long length)
    {
        var prefix = new byte[8];
        view.ReadArray(0, prefix, 0, 8);
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength < 2 || headerLength > SafetensorsFormat.MaxHeaderBytes || headerLength > (ulong)length - 8)
        {
            throw new WeightsFormatException(path, null,
                $"the header's length {headerLength} does not fit a file of {length} bytes (truncated or not safetensors).");
        }
        var header = new byte[headerLength];
        view.ReadArray(8, header, 0, header.Length);
        var dataStart = 8 + (long)headerLength;
        try
        {
            using var document = JsonDocument.Parse(header);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new WeightsFormatException(path, null, "the header is not a JSON object.");
            foreach (var entry in document.RootElement.EnumerateObject())
            {
                if (entry.Name == SafetensorsFormat.Metadata) ReadMetadata(entry.Value);
                else if (!tensors.TryAdd(entry.Name, ReadEntry(entry.Name, entry.Value, dataStart, length)))
                    throw new WeightsFormatException(path, entry.Name, "is named twice.");
            }
        }
        catch (JsonException error)
        {
            throw new WeightsFormatException(path, null, $"the header is not valid JSON: {error.Message}");
        }

        var expected = dataStart;
        foreach (var (name, stored) in tensors.OrderBy(pair => pair.Value.Offset).ThenBy(pair => pair.Value.Bytes))
        {
            if (stored.Offset != expected)
                throw new WeightsFormatException(path, name,
                    $"begins at byte {stored.Offset - dataStart} of the data, {expected - dataStart} expected (overlap or gap).");
            expected += stored.Bytes;
        }
        if (expected != length) throw new WeightsFormatException(path, null, $"the tensors end at byte {expected} of a file of {length}.");
    }

    private void ReadMetadata(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new WeightsFormatException(path, null, $"{SafetensorsFormat.Metadata} is not an object.");
        foreach (var entry in element.EnumerateObject())
        {
            metadata[entry.Name] = entry.Value.ValueKind == JsonValueKind.String
                ? entry.Value.GetString()!
                : throw new WeightsFormatException(path, null, $"{SafetensorsFormat.Metadata}.{entry.Name} is not a string.");
        }
    }

    private StoredTensor ReadEntry(string name, JsonElement entry, long dataStart, long length)
    {
        if (entry.ValueKind != JsonValueKind.Object) throw new WeightsFormatException(path, name, "its header entry is not an object.");
        var typeName = entry.TryGetProperty("dtype", out var dtype) && dtype.ValueKind == JsonValueKind.String ? dtype.GetString()! : "";
        if (!SafetensorsFormat.TryGetSize(typeName, out var size))
        {
            throw new WeightsFormatException(path, name,
                $"dtype '{typeName}' is not supported; supported are {SafetensorsFormat.Supported}.");
        }
        var shape = Numbers(entry, "shape", name);
        var offsets = Numbers(entry, "data_offsets", name);
        if (offsets.Length != 2 || offsets[1] < offsets[0])
            throw new WeightsFormatException(path, name, "data_offsets is not [begin, end].");

        long bytes = size;
        try
        {
            foreach (var dimension in shape) bytes = checked(bytes * dimension);
        }
        catch (OverflowException)
        {
            throw new WeightsFormatException(path, name, $"shape [{string.Join(", ", shape)}] is too large.");
        }
        if (offsets[1] - offsets[0] != bytes)
        {
            throw new WeightsFormatException(path, name,
                $"{typeName} of shape [{string.Join(", ", shape)}] takes {bytes} bytes, data_offsets give {offsets[1] - offsets[0]}.");
        }
        if (offsets[1] > length - dataStart)
            throw new WeightsFormatException(path, name,
                $"ends at byte {offsets[1]} of the data, which has {length - dataStart} (truncated).");
        return new StoredTensor(typeName, shape, dataStart + offsets[0], bytes);
    }

    private long[] Numbers(JsonElement entry, string field, string name)
    {
        if (!entry.TryGetProperty(field, out var array) || array.ValueKind != JsonValueKind.Array)
            throw new WeightsFormatException(path, name, $"{field} is missing or not an array.");
        return [.. array.EnumerateArray()
            .Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out var number) && number >= 0
            ? number
            : throw new WeightsFormatException(path, name, $"{field} holds {item.GetRawText()}; whole numbers from 0 are allowed."))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        view.Dispose();
        map.Dispose();
    }
}

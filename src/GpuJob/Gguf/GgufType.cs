namespace R1Cloud.GpuJob.Gguf;

/// <summary>Reads whole blocks.</summary>
/// <param name="blocks">The blocks.</param>
/// <param name="values">Their numbers.</param>
internal delegate void ReadBlocks(ReadOnlySpan<byte> blocks, Span<float> values);

/// <summary>Writes whole blocks.</summary>
/// <param name="values">Numbers.</param>
/// <param name="blocks">What they become.</param>
internal delegate void WriteBlocks(ReadOnlySpan<float> values, Span<byte> blocks);

/// <summary>How GGUF stores numbers.</summary>
/// <param name="Id">The number that a file names it by.</param>
/// <param name="Name">What llama.cpp calls it.</param>
/// <param name="Numbers">Numbers in a block.</param>
/// <param name="Bytes">Bytes in a block.</param>
/// <param name="Read">Reads blocks.</param>
/// <param name="Write">Writes blocks; null where that is not done here.</param>
/// <param name="Plain">What safetensors calls it; null for one that must be worked out.</param>
internal sealed record GgufType(
    uint Id, string Name, int Numbers, int Bytes, ReadBlocks Read, WriteBlocks? Write = null, string? Plain = null);

/// <summary>The types that are read.</summary>
internal static class GgufTypes
{
    private static readonly GgufType[] All =
    [
        new(0, "F32", 1, 4, PlainBlocks.ReadFloat32, PlainBlocks.WriteFloat32, "F32"),
        new(1, "F16", 1, 2, PlainBlocks.ReadFloat16, PlainBlocks.WriteFloat16, "F16"),
        new(2, "Q4_0", 32, 18, SimpleBlocks.Read4, null),
        new(3, "Q4_1", 32, 20, SimpleBlocks.Read4Offset, null),
        new(6, "Q5_0", 32, 22, SimpleBlocks.Read5, null),
        new(7, "Q5_1", 32, 24, SimpleBlocks.Read5Offset, null),
        new(8, "Q8_0", 32, 34, SimpleBlocks.Read8, SimpleBlocks.Write8),
        new(10, "Q2_K", 256, 84, SuperBlocks.Read2, null),
        new(11, "Q3_K", 256, 110, SuperBlocks.Read3, null),
        new(12, "Q4_K", 256, 144, SuperBlocks.Read4, null),
        new(13, "Q5_K", 256, 176, SuperBlocks.Read5, null),
        new(14, "Q6_K", 256, 210, SuperBlocks.Read6, null),
        new(30, "BF16", 1, 2, PlainBlocks.ReadBFloat16, PlainBlocks.WriteBFloat16, "BF16"),
    ];

    // Others that there are: told by name.
    private static readonly Dictionary<uint, string> Unread = new()
    {
        [9] = "Q8_1", [15] = "Q8_K", [16] = "IQ2_XXS", [17] = "IQ2_XS", [18] = "IQ3_XXS", [19] = "IQ1_S", [20] = "IQ4_NL", [21] = "IQ3_S",
        [22] = "IQ2_S", [23] = "IQ4_XS", [24] = "I8", [25] = "I16", [26] = "I32", [27] = "I64", [28] = "F64", [29] = "IQ1_M",
        [34] = "TQ1_0", [35] = "TQ2_0", [39] = "MXFP4",
    };

    /// <summary>Their names.</summary>
    public static string Names => string.Join(", ", All.Select(type => type.Name));

    /// <summary>A type by its name.</summary>
    public static GgufType Of(string name) => All.Single(type => type.Name == name);

    /// <summary>A type by its number; null for one that is not read.</summary>
    /// <param name="id">The number.</param>
    /// <param name="told">What an error calls it.</param>
    public static GgufType? Find(uint id, out string told)
    {
        var found = Array.Find(All, type => type.Id == id);
        told = found?.Name ?? Unread.GetValueOrDefault(id) ?? FormattableString.Invariant($"{id}");
        return found;
    }
}

using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Task = Microsoft.Build.Utilities.Task;

/// <summary>
/// Marks one required symbol version of a copied ELF64 library as weak (VER_FLG_WEAK), so that glibc's loader accepts the
/// file where the system's libstdc++ is older. libLibTorchSharp.so names GLIBCXX_3.4.32 and uses no symbol of it.
/// </summary>
public sealed class WeakenSymbolVersion : Task
{
    private const int Load = 1, Dynamic = 2, StringTable = 5, VersionNeeds = 0x6ffffffe, VersionNeedCount = 0x6fffffff;
    private const ushort WeakFlag = 2;

    private byte[] elf = [];

    /// <summary>
    /// The library in the output folder; it is replaced, never written through (it may be a hard link into the package cache).
    /// </summary>
    [Required]
    public string Library { get; set; } = "";

    /// <summary>The symbol version to weaken, e.g. GLIBCXX_3.4.32.</summary>
    [Required]
    public string SymbolVersion { get; set; } = "";

    /// <summary>Folders that may hold the system's libstdc++.so.6; the first found decides.</summary>
    [Required]
    public string[] SystemLibraries { get; set; } = [];

    public override bool Execute()
    {
        if (!File.Exists(Library)) return true;
        var system = Array.Find(SystemLibraries, File.Exists);
        if (system is not null && Contains(File.ReadAllBytes(system), SymbolVersion)) return true;

        elf = File.ReadAllBytes(Library);
        var changed = Weaken();
        if (changed == 0) return true;

        var written = File.GetLastWriteTimeUtc(Library);
        var temporary = Library + ".weakened";
        File.WriteAllBytes(temporary, elf);
        File.SetLastWriteTimeUtc(temporary, written); // same size and time: the next build's copy step leaves it alone
        File.Delete(Library);
        File.Move(temporary, Library);
        Log.LogMessage(MessageImportance.High,
            $"libtorch: {Path.GetFileName(Library)} asks for {SymbolVersion}, this system's libstdc++ is older; the copy in the output "
            + $"was told it may do without.");
        return true;
    }

    private int Weaken()
    {
        var (strings, needs, needCount) = DynamicSection();
        var changed = 0;
        for (var need = needs; needCount-- > 0; need += U32(need + 12))
        {
            var entry = need + U32(need + 8);
            for (int i = 0, count = U16(need + 2); i < count; i++, entry += U32(entry + 12))
            {
                var flags = U16(entry + 4);
                if (Text(strings + U32(entry + 8)) != SymbolVersion || (flags & WeakFlag) != 0) continue;
                elf[entry + 4] = (byte)(flags | WeakFlag); // little-endian: the flag is in the low byte
                changed++;
            }
        }
        return changed;
    }

    private (long Strings, long Needs, long NeedCount) DynamicSection()
    {
        long strings = 0, needs = 0, needCount = 0, headers = U64(32);
        int size = U16(54), count = U16(56);
        for (var i = 0; i < count; i++)
        {
            var header = headers + (long)i * size;
            if (U32(header) != Dynamic) continue;
            for (var entry = U64(header + 8); U64(entry) != 0; entry += 16)
            {
                var value = U64(entry + 8);
                switch (U64(entry))
                {
                    case StringTable: strings = FileOffset(value); break;
                    case VersionNeeds: needs = FileOffset(value); break;
                    case VersionNeedCount: needCount = value; break;
                }
            }
        }
        return (strings, needs, needCount);

        long FileOffset(long address)
        {
            for (var i = 0; i < count; i++)
            {
                var header = headers + (long)i * size;
                var start = U64(header + 16);
                if (U32(header) == Load && address >= start && address < start + U64(header + 32)) return address - start + U64(header + 8);
            }
            throw new InvalidDataException($"{Library}: address {address:x} lies in no loaded segment.");
        }
    }

    private string Text(long at)
    {
        var end = Array.IndexOf(elf, (byte)0, (int)at);
        return Encoding.ASCII.GetString(elf, (int)at, end - (int)at);
    }

    private static bool Contains(byte[] file, string text) =>
        Encoding.GetEncoding("ISO-8859-1").GetString(file).Contains(text + "\0");

    private long U64(long at) => BitConverter.ToInt64(elf, (int)at);
    private uint U32(long at) => BitConverter.ToUInt32(elf, (int)at);
    private ushort U16(long at) => BitConverter.ToUInt16(elf, (int)at);
}

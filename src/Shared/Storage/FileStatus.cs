using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace R1Cloud.Shared.Storage;

/// <summary>What a path leads to.</summary>
public enum FileKind
{
    /// <summary>A file of bytes.</summary>
    Regular,
    /// <summary>A folder.</summary>
    Folder,
    /// <summary>A device, a pipe or a socket: reading it may never end.</summary>
    Special,
}

/// <summary>What the system says of a file: its kind and its owner, which .NET does not tell.</summary>
/// <param name="Kind">What it is; links are followed.</param>
/// <param name="Owner">The user that it belongs to.</param>
/// <param name="Mode">Who may do what with it.</param>
/// <param name="Length">Its bytes.</param>
public sealed record FileStatus(FileKind Kind, uint Owner, UnixFileMode Mode, long Length)
{
    // statx(2): the same layout on every architecture.
    private const int CurrentFolder = -100, EmptyPath = 0x1000, TypeToSize = 0x1 | 0x2 | 0x8 | 0x200;
    private const int OwnerAt = 20, ModeAt = 28, SizeAt = 40;

    /// <summary>Whether this system tells it: Linux does.</summary>
    public static bool IsKnown => OperatingSystem.IsLinux();

    /// <summary>The user that this process acts as.</summary>
    public static uint CurrentUser => IsKnown ? UserId() : 0;

    /// <summary>Whether the file belongs to the user that this process acts as.</summary>
    public bool IsOwn => Owner == CurrentUser;

    /// <summary>Whether other users may read it, write it or (a folder) look into it.</summary>
    public bool IsOpenToOthers =>
        (Mode & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)) != UnixFileMode.None;

    /// <summary>Whether other users may change it.</summary>
    public bool IsWritableToOthers => (Mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != UnixFileMode.None;

    /// <summary>What a path leads to; null when there is nothing, or the system does not say.</summary>
    public static FileStatus? Of(string path) => IsKnown ? Ask(CurrentFolder, path, 0) : null;

    /// <summary>What an open file is; null when the system does not say.</summary>
    public static FileStatus? Of(SafeFileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return IsKnown ? Ask((int)file.DangerousGetHandle(), "", EmptyPath) : null;
    }

    private static FileStatus? Ask(int folder, string path, int flags)
    {
        var answer = new byte[256];
        if (Statx(folder, path, flags, TypeToSize, answer) != 0) return null;
        var mode = BitConverter.ToUInt16(answer, ModeAt);
        return new((mode & 0xF000) switch { 0x8000 => FileKind.Regular, 0x4000 => FileKind.Folder, _ => FileKind.Special },
            BitConverter.ToUInt32(answer, OwnerAt), (UnixFileMode)(mode & 0xFFF), BitConverter.ToInt64(answer, SizeAt));
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte[] answer);

    [DllImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint UserId();
}

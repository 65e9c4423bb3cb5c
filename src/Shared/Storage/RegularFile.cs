using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace R1Cloud.Shared.Storage;

/// <summary>Opens files that somebody else named: a pipe never blocks the reader, a device is never read.</summary>
public static class RegularFile
{
    private const int BufferSize = 1 << 16;
    private const int ReadOnly = 0, NonBlocking = 0x800, CloseOnExec = 0x80000;
    private const int NotPermitted = 1, NoSuchFile = 2, AccessDenied = 13, NotAFolder = 20;

    /// <summary>Opens a file to read it.</summary>
    /// <param name="path">The file; links are followed.</param>
    /// <exception cref="IOException">It is not there, no regular file, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static FileStream OpenRead(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!FileStatus.IsKnown) return File.OpenRead(path);
        // Without waiting: to open a pipe that nobody writes to would never return. What it is, is then asked of what was opened.
        var descriptor = Open(path, ReadOnly | NonBlocking | CloseOnExec);
        if (descriptor < 0) throw Failure(path, Marshal.GetLastPInvokeError());
        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            if (FileStatus.Of(file) is not { Kind: FileKind.Regular }) throw new IOException($"'{path}' is no regular file.");
            return new FileStream(file, FileAccess.Read, BufferSize, isAsync: false);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static Exception Failure(string path, int error) => error switch
    {
        NoSuchFile or NotAFolder => new FileNotFoundException($"There is no file '{path}'.", path),
        NotPermitted or AccessDenied => new UnauthorizedAccessException($"'{path}' may not be read."),
        _ => new IOException($"'{path}' cannot be read: {Marshal.GetPInvokeErrorMessage(error)}."),
    };

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);
}

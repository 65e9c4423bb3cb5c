using System.Runtime.InteropServices;

namespace R1Cloud.Shared.Storage;

/// <summary>Files that appear whole or not at all, and a full disk that is called one.</summary>
public static class LocalFiles
{
    private const int BufferSize = 1 << 20;

    /// <summary>Writes a file under a temporary name beside it and renames it when it is whole, replacing a former one.</summary>
    /// <param name="file">The file; its folder is created.</param>
    /// <param name="write">Writes it; false gives the file up.</param>
    /// <returns>What <paramref name="write"/> returned.</returns>
    /// <exception cref="StorageException">The file cannot be written; a full disk is named as such.</exception>
    internal static Task<bool> TryReplaceAsync(string file, Func<Stream, Task<bool>> write) => TryWriteAsync(file, overwrite: true, write);

    /// <summary>The same, but leaves a file that exists as it is.</summary>
    /// <returns>False when the file exists, or <paramref name="write"/> gave up.</returns>
    /// <exception cref="StorageException">The file cannot be written; a full disk is named as such.</exception>
    internal static Task<bool> TryCreateAsync(string file, Func<Stream, Task<bool>> write) => TryWriteAsync(file, overwrite: false, write);

    /// <summary>
    /// Length and time of the last write of a file as it is when opened: of a link, as in the Hugging Face cache, the file that it leads
    /// to.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <exception cref="IOException">It cannot be opened, or is not a regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static (long Length, DateTime WrittenAt) Stat(string file)
    {
        using var opened = RegularFile.OpenRead(file);
        return (opened.Length, File.GetLastWriteTimeUtc(opened.SafeFileHandle));
    }

    /// <summary>What went wrong with a local file, in words.</summary>
    /// <param name="doing">What was being done, e.g. "writing".</param>
    /// <param name="file">The file.</param>
    /// <param name="error">The system's error.</param>
    public static StorageException Failure(string doing, string file, Exception error) => IsDiskFull(error)
        ? new StorageException(
            $"No space left on the disk of '{Path.GetDirectoryName(Path.GetFullPath(file))}' while {doing} '{Path.GetFileName(file)}'.",
            error)
        : new StorageException($"Failed {doing} '{file}': {error.Message}", error);

    private static async Task<bool> TryWriteAsync(string file, bool overwrite, Func<Stream, Task<bool>> write)
    {
        var temporary = $"{file}.{Guid.NewGuid():n}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            await using (
                var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferSize,
                    FileOptions.Asynchronous))
            {
                if (!await write(stream)) return false;
            }
            if (!overwrite && !OperatingSystem.IsWindows()) return TryLink(temporary, file);
            File.Move(temporary, file, overwrite);
            return true;
        }
        catch (IOException) when (!overwrite && File.Exists(file))
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure("writing", file, e);
        }
        finally
        {
            TryDelete(temporary);
        }
    }

    // Gives a whole file its name unless that is taken. File.Move looks first and renames then, so two could win; link(2) is one step.
    private static bool TryLink(string temporary, string file)
    {
        const int AlreadyExists = 17;
        if (Link(Path.GetFullPath(temporary), Path.GetFullPath(file)) == 0) return true;
        var error = Marshal.GetLastPInvokeError();
        return error == AlreadyExists
            ? false : throw new IOException($"'{file}' cannot be created: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Link([MarshalAs(UnmanagedType.LPUTF8Str)] string existing, [MarshalAs(UnmanagedType.LPUTF8Str)] string link);

    /// <summary>Removes a folder if it can be; for leftovers whose loss and whose stay are both harmless.</summary>
    public static void TryDeleteFolder(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody still writes there, or removes it too.
        }
    }

    /// <summary>Removes a file if it can be; for leftovers whose loss and whose stay are both harmless.</summary>
    internal static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A temporary file that stays harms nothing: its name is never read.
        }
    }

    // ENOSPC 28 and EDQUOT 122 on Linux, 69 on macOS; ERROR_DISK_FULL 112 and ERROR_HANDLE_DISK_FULL 39 on Windows.
    private static bool IsDiskFull(Exception error) => error is IOException && (error.HResult & 0xFFFF) is var code
        && (OperatingSystem.IsWindows() ? code is 112 or 39 : OperatingSystem.IsMacOS() ? code is 28 or 69 : code is 28 or 122);
}

using System.Globalization;

namespace R1Cloud.LocalHost.Engine.Storage;

/// <summary>
/// Holds a lock file beside the database for as long as an engine runs on it. The system lets go of it when the process dies, however it
/// dies.
/// </summary>
internal sealed class DatabaseLock : IDisposable
{
    private readonly FileStream held;
    private readonly string holderPath;

    private DatabaseLock(FileStream held, string holderPath)
    {
        this.held = held;
        this.holderPath = holderPath;
    }

    /// <summary>Takes the lock.</summary>
    /// <exception cref="EngineStorageException">Another engine holds it (its process id is named), or the folder cannot be
    /// written.</exception>
    public static DatabaseLock Acquire(string databasePath)
    {
        var holderPath = databasePath + ".pid"; // A file of its own: the locked one cannot be read by others.
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(databasePath)!);
            var held = new FileStream(databasePath + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(holderPath, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new DatabaseLock(held, holderPath);
        }
        catch (IOException error) when (IsHeld(error))
        {
            var holder = File.Exists(holderPath) ? File.ReadAllText(holderPath) : "unknown";
            throw new EngineStorageException(databasePath,
                $"another engine runs on it (process id {holder}). Stop that one first, or use another path.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new EngineStorageException(databasePath, $"its folder cannot be written ({error.Message}).", error);
        }
    }

    /// <summary>Lets go. The lock file stays: removing it would race with the next engine.</summary>
    public void Dispose()
    {
        File.Delete(holderPath);
        held.Dispose();
    }

    // Windows: sharing violation, lock violation. Linux and macOS: EAGAIN (EWOULDBLOCK).
    private static bool IsHeld(IOException error) => (error.HResult & 0xFFFF) is 32 or 33 or 11 or 35;
}

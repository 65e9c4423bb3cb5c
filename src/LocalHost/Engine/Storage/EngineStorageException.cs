using Microsoft.Data.Sqlite;

namespace R1Cloud.LocalHost.Engine.Storage;

/// <summary>
/// The engine's database cannot be opened, read or written. An engine that meets this while running stops, unless it is a lock that
/// another program lets go of in time: what is committed stays.
/// </summary>
/// <param name="path">The database.</param>
/// <param name="problem">What is wrong, and what to do.</param>
/// <param name="inner">The cause, if any.</param>
public sealed class EngineStorageException(string path, string problem, Exception? inner = null)
    : Exception($"Engine database {path}: {problem}", inner)
{
    // https://www.sqlite.org/rescode.html
    private const int Busy = 5, Locked = 6, ReadOnly = 8, Corrupt = 11, Full = 13, CantOpen = 14, NotADatabase = 26;

    /// <summary>The database's path.</summary>
    public string DatabasePath { get; } = path;

    /// <summary>Whether another program holds it locked, and may let it go.</summary>
    public bool IsLocked => InnerException is SqliteException { SqliteErrorCode: Busy or Locked };

    internal static EngineStorageException From(string path, SqliteException error) => new(path, error.SqliteErrorCode switch
    {
        Full => "the disk is full. Free some space and start again; nothing that was committed is lost.",
        Corrupt or NotADatabase =>
            "the file is not a SQLite database or is damaged. Restore it from a copy, or move it away to start empty.",
        ReadOnly or CantOpen => $"the file or its folder cannot be written ({error.Message}).",
        Busy or Locked => "another program holds it locked.",
        _ => error.Message,
    }, error);
}

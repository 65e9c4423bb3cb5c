using System.Globalization;
using Microsoft.Data.Sqlite;
using R1Cloud.Shared;

namespace R1Cloud.LocalHost.Engine.Storage;

/// <summary>The engine's one connection. Used by one thread at a time; every error is an <see cref="EngineStorageException"/>.</summary>
internal sealed class EngineDatabase : IDisposable
{
    // How long a single try waits for another program's lock, by SQLite itself and by its client around it.
    private const int LockSeconds = 5;

    private readonly string path;
    private readonly SqliteConnection connection;
    private readonly Dictionary<string, SqliteCommand> commands = [];

    private EngineDatabase(string path, SqliteConnection connection)
    {
        this.path = path;
        this.connection = connection;
    }

    /// <summary>
    /// Asked while another program holds the database locked, given how long a transaction has waited for it: whether it waits on.
    /// </summary>
    public Func<EngineStorageException, TimeSpan, bool> WaitsOn { get; set; } = (_, _) => false;

    /// <summary>Opens a database, creating it when absent.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxPages">Its limit in pages; 0 for none.</param>
    /// <exception cref="EngineStorageException">It cannot be opened, is damaged, or belongs to something else.</exception>
    public static EngineDatabase Open(string path, int maxPages = 0)
    {
        var settings = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = LockSeconds };
        var connection = new SqliteConnection(settings.ToString());
        var database = new EngineDatabase(path, connection);
        try
        {
            connection.Open();
            database.Prepare(maxPages);
            return database;
        }
        catch (SqliteException error)
        {
            database.Dispose();
            throw EngineStorageException.From(path, error);
        }
        catch (EngineStorageException)
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Runs a piece of work as one transaction: all of it lasts, or none.</summary>
    /// <param name="point">Its name among <see cref="CrashPoints"/>.</param>
    /// <param name="work">The work.</param>
    public void InTransaction(string point, Action work)
    {
        Begin();
        try
        {
            work();
            CrashPoints.Before(point);
            Execute("COMMIT");
            CrashPoints.After(point);
        }
        catch
        {
            Rollback();
            throw;
        }
    }

    /// <summary>Runs a statement with values for $1, $2, ….</summary>
    /// <returns>Rows changed.</returns>
    public int Execute(string sql, params ReadOnlySpan<object?> values)
    {
        try
        {
            return Bind(sql, values).ExecuteNonQuery();
        }
        catch (SqliteException error)
        {
            throw EngineStorageException.From(path, error);
        }
    }

    /// <summary>Runs an insert.</summary>
    /// <returns>The new row's key.</returns>
    public long Insert(string sql, params ReadOnlySpan<object?> values)
    {
        Execute(sql, values);
        return SQLitePCL.raw.sqlite3_last_insert_rowid(connection.Handle);
    }

    /// <summary>Reads all rows of a query.</summary>
    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<object?> values)
    {
        try
        {
            using var reader = Bind(sql, values).ExecuteReader();
            var rows = new List<T>();
            while (reader.Read())
                rows.Add(read(reader));
            return rows;
        }
        catch (SqliteException error)
        {
            throw EngineStorageException.From(path, error);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var command in commands.Values)
            command.Dispose();
        connection.Dispose();
    }

    private void Begin()
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                Execute("BEGIN IMMEDIATE");
                return;
            }
            catch (EngineStorageException error) when (error.IsLocked && WaitsOn(error, TimeSpan.FromSeconds(tries * LockSeconds)))
            {
                // Nothing has been done: once more.
            }
        }
    }

    private void Prepare(int maxPages)
    {
        // WAL with NORMAL: a killed process loses nothing; a power cut may lose the last decisions, which are then made again.
        Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout = {LockSeconds * 1000}"));
        Execute("PRAGMA journal_mode = WAL");
        Execute("PRAGMA synchronous = NORMAL");
        if (maxPages > 0)
            Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {maxPages}"));

        var application = Scalar("PRAGMA application_id");
        var version = Scalar("PRAGMA user_version");
        if (application == 0 && Scalar("SELECT count(*) FROM sqlite_master") == 0)
            InTransaction(CrashPoints.EngineSchema, Create);
        else if (application != Schema.ApplicationId)
            throw new EngineStorageException(path, "the file is a SQLite database of another program. Use another path.");
        else if (version != Schema.Version)
            throw new EngineStorageException(path,
                $"its schema is version {version}, this program knows version {Schema.Version}. Use the program that made it, or move it "
                + $"away to start empty.");
        Execute(Schema.Complete);
    }

    private void Create()
    {
        Execute(Schema.Create);
        Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {Schema.ApplicationId}"));
        Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Schema.Version}"));
    }

    private long Scalar(string sql) => Query(sql, row => row.GetInt64(0))[0];

    private SqliteCommand Bind(string sql, ReadOnlySpan<object?> values)
    {
        if (!commands.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
#pragma warning disable CA2100 // All SQL is constant text of this folder; values are parameters.
            command.CommandText = sql;
#pragma warning restore CA2100
            for (var i = 1; i <= values.Length; i++)
                command.Parameters.Add(new SqliteParameter { ParameterName = string.Create(CultureInfo.InvariantCulture, $"${i}") });
            commands[sql] = command;
        }
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }

    private void Rollback()
    {
        // A full disk rolls back by itself, and then there is no transaction to end.
        if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0)
            Execute("ROLLBACK");
    }
}

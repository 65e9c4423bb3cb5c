namespace R1Cloud.LocalHost.Engine.Storage;

/// <summary>
/// The tables. Everything an instance owns hangs on its key, which is never used again, so that answers to a purged or restarted instance
/// find nobody.
/// </summary>
internal static class Schema
{
    /// <summary>SQLite application_id of an engine database: "R1en".</summary>
    public const int ApplicationId = 0x5231656E;

    /// <summary>SQLite user_version of this schema.</summary>
    public const int Version = 1;

    /// <summary>What holds for instances to which something may still happen.</summary>
    public const string Unfinished = "status IN ('Pending', 'Running')";

    /// <summary>Adds what databases of this version lack that were made before it was thought of.</summary>
    public const string Complete = $"CREATE INDEX IF NOT EXISTS instances_unfinished ON instances (created) WHERE {Unfinished}";

    /// <summary>Creates all tables in an empty database.</summary>
    public const string Create = """
        CREATE TABLE instances (
            key              INTEGER PRIMARY KEY AUTOINCREMENT,
            id               TEXT NOT NULL UNIQUE,
            name             TEXT NOT NULL,
            status           TEXT NOT NULL,
            suspended        INTEGER NOT NULL DEFAULT 0,
            execution        INTEGER NOT NULL,
            created          INTEGER NOT NULL,              -- UTC ticks
            updated          INTEGER NOT NULL,
            parent_key       INTEGER,
            parent_id        TEXT,
            parent_execution INTEGER,
            parent_request   INTEGER,                       -- which request of the parent this answers
            input            TEXT NOT NULL,                 -- JSON, as all below
            output           TEXT,
            custom_status    TEXT,
            failure          TEXT);
        CREATE INDEX instances_by_parent ON instances (parent_key) WHERE parent_key IS NOT NULL;
        CREATE TABLE history (                              -- of the current execution
            instance_key INTEGER NOT NULL,
            position     INTEGER NOT NULL,
            event        TEXT NOT NULL,
            PRIMARY KEY (instance_key, position)) WITHOUT ROWID;
        CREATE TABLE inbox (                                -- messages not yet part of a decision
            sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
            instance_key INTEGER NOT NULL,
            execution    INTEGER,                           -- the execution it answers; null: whichever runs
            event        TEXT NOT NULL);
        CREATE INDEX inbox_by_instance ON inbox (instance_key, sequence);
        CREATE TABLE activities (                           -- to run, or running
            id           INTEGER PRIMARY KEY AUTOINCREMENT,
            instance_key INTEGER NOT NULL,
            execution    INTEGER NOT NULL,
            request      INTEGER NOT NULL,
            name         TEXT NOT NULL,
            input        TEXT NOT NULL);
        CREATE INDEX activities_by_instance ON activities (instance_key);
        CREATE TABLE timers (
            id           INTEGER PRIMARY KEY AUTOINCREMENT,
            instance_key INTEGER NOT NULL,
            execution    INTEGER NOT NULL,
            request      INTEGER NOT NULL,
            fire_at      INTEGER NOT NULL);
        CREATE INDEX timers_by_instance ON timers (instance_key, request);
        """;
}

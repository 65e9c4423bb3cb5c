using System.Globalization;
using Microsoft.Data.Sqlite;
using R1Cloud.LocalHost.Engine.Storage;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.LocalHost.Tests.Engine;

public sealed class EngineStorageTests
{
    private const int Waiting = 3107; // the event that tells of it

    private static OrchestrationRegistry Registry => new OrchestrationRegistry()
        .AddActivity<int, string>("large", (_, size, _) => Task.FromResult(new string('x', size)))
        .AddOrchestrator<int, int>("main", async (context, count) =>
        {
            var total = 0;
            for (var n = 0; n < count; n++)
                total += (await context.CallActivityAsync<string>("large", 20_000)).Length;
            return total;
        });

    [Fact]
    public async Task Start_WhileAnotherProcessRunsOnIt_NamesPathAndProcess()
    {
        await using var factory = new EngineHostFactory();
        using var other = await EngineProcess.StartAsync("hold", factory.DatabasePath);
        try
        {
            var error = await Should.ThrowAsync<EngineStorageException>(() => factory.StartEngineAsync(Registry));
            error.Message.ShouldContain(factory.DatabasePath);
            error.Message.ShouldContain($"process id {other.Id.ToString(CultureInfo.InvariantCulture)}");
        }
        finally
        {
            await other.KillAsync();
        }
        await using var engine = await factory.StartEngineAsync(Registry); // A dead process holds nothing.
    }

    [Fact]
    public async Task Start_WhileThisProcessRunsOnIt_Throws()
    {
        await using var factory = new EngineHostFactory();
        await using (await factory.StartEngineAsync(Registry))
            (await Should.ThrowAsync<EngineStorageException>(() => factory.StartEngineAsync(Registry)))
                .Message.ShouldContain("another engine runs on it");
        await using var engine = await factory.StartEngineAsync(Registry);
    }

    [Fact]
    public async Task Start_OnSomethingElse_Throws()
    {
        await using var factory = new EngineHostFactory();
        await File.WriteAllTextAsync(factory.DatabasePath, new string('?', 10_000), TestContext.Current.CancellationToken);

        (await Should.ThrowAsync<EngineStorageException>(() => factory.StartEngineAsync(Registry)))
            .Message.ShouldContain("not a SQLite database or is damaged");
    }

    [Fact]
    public async Task Start_OnAnothersDatabase_LeavesItAlone()
    {
        await using var factory = new EngineHostFactory();
        Sql(factory, "CREATE TABLE theirs (x)");

        (await Should.ThrowAsync<EngineStorageException>(() => factory.StartEngineAsync(Registry)))
            .Message.ShouldContain("another program");
    }

    [Fact]
    public async Task Start_OnANewerSchema_NamesBothVersions()
    {
        await using var factory = new EngineHostFactory();
        await using (await factory.StartEngineAsync(Registry))
        {
        }
        Sql(factory, "PRAGMA user_version = 99");

        (await Should.ThrowAsync<EngineStorageException>(() => factory.StartEngineAsync(Registry)))
            .Message.ShouldContain("version 99, this program knows version 1");
    }

    [Fact]
    public async Task Start_InAFolderThatCannotBeWritten_Throws()
    {
        await using var factory = new EngineHostFactory();
        await File.WriteAllTextAsync(factory.DatabasePath, "a file, not a folder", TestContext.Current.CancellationToken);
        await using var inside = new EngineHostFactory(options =>
            options with { DatabasePath = Path.Combine(factory.DatabasePath, "engine.db") });

        (await Should.ThrowAsync<EngineStorageException>(() => inside.StartEngineAsync(Registry)))
            .Message.ShouldContain("folder cannot be written");
    }

    [Fact]
    public async Task DiskFull_StopsTheEngine_AndLosesNothing()
    {
        using var giveUp = new CancellationTokenSource(TimeSpan.FromMinutes(30));
        var pages = 60;
        await using var factory = new EngineHostFactory(options => options with { MaxDatabasePages = pages });
        await using (var engine = await factory.StartEngineAsync(Registry))
        {
            await engine.ScheduleNewAsync("main", 30, "it", cancellation: giveUp.Token);
            (await Should.ThrowAsync<EngineStorageException>(() => engine.WaitForCompletionAsync("it", giveUp.Token)))
                .Message.ShouldContain("disk is full");
            (await Should.ThrowAsync<EngineStorageException>(() => engine.Completion)).Message.ShouldContain(factory.DatabasePath);
            await Should.ThrowAsync<EngineStorageException>(() => engine.GetAsync("it", giveUp.Token));
        }

        pages = 0;
        await using (var engine = await factory.StartEngineAsync(Registry))
            (await engine.WaitForCompletionAsync("it", giveUp.Token)).Output!.Value.GetInt32().ShouldBe(30 * 20_000);
    }

    [Fact]
    public async Task Locked_ByAnotherProgram_IsWaitedForAndNothingIsLost()
    {
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var loggers = LogWatch.Create((_, id, _) =>
        {
            if (id.Id == Waiting) waits.TrySetResult();
        });
        await using var factory = new EngineHostFactory(loggers: loggers);
        await using var engine = await factory.StartEngineAsync(Registry);
        using var other = Open(factory);
        Sql(other, "BEGIN IMMEDIATE");

        var scheduled = engine.ScheduleNewAsync("main", 3, "it");
        (await Task.WhenAny(waits.Task, scheduled).WaitAsync(TimeSpan.FromMinutes(30))).ShouldBe(waits.Task);
        Sql(other, "COMMIT");

        (await scheduled).ShouldBeTrue();
        (await engine.WaitForCompletionAsync("it", CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(30)))
            .Output!.Value.GetInt32().ShouldBe(3 * 20_000);
    }

    [Fact]
    public async Task Locked_ForLongerThanItsPatience_StopsTheEngineWithTheReason()
    {
        await using var factory = new EngineHostFactory(options => options with { LockPatience = TimeSpan.Zero });
        await using var engine = await factory.StartEngineAsync(Registry);
        using var other = Open(factory);
        Sql(other, "BEGIN IMMEDIATE");

        (await Should.ThrowAsync<EngineStorageException>(() => engine.ScheduleNewAsync("main", 3, "it")))
            .Message.ShouldContain("another program holds it locked");
        await Should.ThrowAsync<EngineStorageException>(() => engine.Completion);
        Sql(other, "COMMIT");
    }

    private static void Sql(EngineHostFactory factory, string sql)
    {
        using var connection = Open(factory);
        Sql(connection, sql);
    }

    private static void Sql(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static SqliteConnection Open(EngineHostFactory factory)
    {
        var connection = new SqliteConnection($"Data Source={factory.DatabasePath};Pooling=False");
        connection.Open();
        return connection;
    }
}

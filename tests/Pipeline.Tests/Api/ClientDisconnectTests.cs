using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Tests.Support;

namespace R1Cloud.Pipeline.Tests.Api;

/// <summary>A client that leaves is no error of the service; a fault is one, whether or not the client is still there.</summary>
public sealed class ClientDisconnectTests : IAsyncDisposable
{
    private readonly PipelineHost host = new();
    private readonly ErrorLog<RunHandlers> log = new();

    public static TheoryData<string> Leaving => ["cancelled", "reset", "aborted", "body"];

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory, MemberData(nameof(Leaving))]
    public async Task Handler_ClientLeft_LogsNothing(string how)
    {
        var context = Context(left: true);
        host.Blobs.OnAccess = _ => throw Exception(how);
        await Handlers.GetAsync(context.Request, "some-run");
        log.Errors.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("fault", true)]
    [InlineData("fault", false)]
    [InlineData("cancelled", false)]
    [InlineData("body", false)]
    public async Task Handler_Fault_IsLogged(string how, bool left)
    {
        var context = Context(left);
        host.Blobs.OnAccess = _ => throw Exception(how);
        await Handlers.GetAsync(context.Request, "some-run");
        log.Errors.ShouldHaveSingleItem();
    }

    [Theory, MemberData(nameof(Leaving))]
    public async Task EventStream_ClientLeft_LogsNothing(string how)
    {
        var errors = new List<Exception>();
        await new EventStreamResult(Stream.Null, Broken(how), errors.Add).ExecuteAsync(Context(left: true));
        errors.ShouldBeEmpty();
        await new EventStreamResult(Stream.Null, Broken("fault"), errors.Add).ExecuteAsync(Context(left: false));
        errors.ShouldHaveSingleItem();
    }

    [Theory, MemberData(nameof(Leaving))]
    public async Task Middleware_ClientLeft_LogsNothing(string how)
    {
        var middlewareLog = new ErrorLog<ApiErrorMiddleware>();
        var context = Context(left: true);
        await new ApiErrorMiddleware(_ => throw Exception(how), middlewareLog).InvokeAsync(context);
        middlewareLog.Errors.ShouldBeEmpty();
        await new ApiErrorMiddleware(_ => throw Exception("fault"), middlewareLog).InvokeAsync(Context(left: false));
        middlewareLog.Errors.ShouldHaveSingleItem();
    }

    private RunHandlers Handlers => new(
        host.Services.GetRequiredService<RunService>(), host.Services.GetRequiredService<RunData>(),
            host.Services.GetRequiredService<RunEvents>(), host.Services.GetRequiredService<RunBudgets>(), host.Options, log);

    private static async IAsyncEnumerable<RunEvent?> Broken(string how)
    {
        await Task.Yield();
        yield return null;
        throw Exception(how);
    }

    private static Exception Exception(string how) => how switch
    {
        "cancelled" => new TaskCanceledException(),
        "reset" => new ConnectionResetException("the client reset"),
        "aborted" => new ConnectionAbortedException(),
        "body" => new IOException("the client is gone"),
        _ => new InvalidDataException("a fault"),
    };

    private static DefaultHttpContext Context(bool left)
    {
        var context = new DefaultHttpContext { RequestServices = new ServiceCollection().AddLogging().BuildServiceProvider(),
            RequestAborted = new CancellationToken(left) };
        context.Request.Path = "/api/runs/some-run";
        return context;
    }

    private sealed class ErrorLog<T> : ILogger<T>
    {
        public List<string> Errors { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Error) Errors.Add(formatter(state, exception));
        }
    }
}

using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Console;
using R1Cloud.Datasets;
using R1Cloud.Hub;
using R1Cloud.LocalHost.Engine;
using R1Cloud.LocalHost.Engine.Storage;
using R1Cloud.LocalHost.Environments;
using R1Cloud.LocalHost.Trackio;
using R1Cloud.LocalHost.WorkerProcesses;
using R1Cloud.Pipeline;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Tracking;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;
using R1Cloud.Traces;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>
/// The whole system in one process and its children. What is started first is stopped last:
/// data folder, storage, engine, API and background services, workers.
/// </summary>
internal sealed class LocalHostApp : IAsyncDisposable
{
    private readonly Stack<Func<Task>> stops = new();
    private readonly Stack<Action> kills = new();

    private LocalHostApp(LocalHostOptions options)
    {
        Options = options;
        Data = new DataFolder(options.DataFolder);
        Key = options.ApiKey is { Length: > 0 } named ? named : ApiKeys.Create();
    }

    /// <summary>How it is set up.</summary>
    public LocalHostOptions Options { get; private set; }

    /// <summary>Its data folder.</summary>
    public DataFolder Data { get; }

    /// <summary>Where its API is.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>What requests must carry.</summary>
    public string Key { get; }

    /// <summary>The address for people, key included.</summary>
    public Uri AddressWithKey => ApiKeys.WithKey(Address, Key);

    /// <summary>Its worker processes.</summary>
    public ProcessWorkerPool Workers { get; private set; } = null!;

    /// <summary>Its blobs.</summary>
    public IBlobStore Blobs { get; private set; } = null!;

    /// <summary>What opens its storage: a connection string with the storage's key.</summary>
    public string StorageName { get; private set; } = null!;

    /// <summary>Ends with what keeps this host from going on: a full disk, a lost storage service.</summary>
    public Task<string> Fault { get; private set; } = null!;

    /// <summary>Starts everything; what was started is stopped again when something does not start.</summary>
    /// <exception cref="EnvironmentException">The data folder or the port is taken, or something is missing.</exception>
    public static async Task<LocalHostApp> StartAsync(LocalHostOptions options, CancellationToken cancellation)
    {
        var host = new LocalHostApp(options);
        try
        {
            await host.StartAsync(cancellation);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops everything in good order: workers save first, storage goes last.</summary>
    public async ValueTask DisposeAsync()
    {
        var errors = new List<Exception>();
        while (stops.TryPop(out var stop))
        {
            try
            {
                await stop();
            }
            catch (Exception e)
            {
                errors.Add(e); // The others must be stopped nevertheless.
            }
        }
        if (errors.Count > 0) throw new AggregateException("Not everything stopped in good order.", errors);
    }

    /// <summary>Ends every child process at once.</summary>
    public void Kill()
    {
        foreach (var kill in kills) kill();
    }

    private async Task StartAsync(CancellationToken cancellation)
    {
        if (Options.Gpus is { } gpus) GpuList.CheckPresent(gpus, GpuList.Exists);
        var trainer = WorkerCommand.Find(Options.GpuJob, AppContext.BaseDirectory);
        var package = AzuritePackage.Find(Options.Azurite, AppContext.BaseDirectory);
        ProcessMask.KeepOthersOut();
        var taken = Data.Acquire();
        stops.Push(() => RunAsync(taken.Dispose));
        Options = ListenAddress.Choose(Options); // after the folder: who starts a second host on it is told of the first

        var storage = await LocalStorage.StartAsync(Data, package, cancellation, Options.StorageDetour);
        stops.Push(() => storage.DisposeAsync().AsTask());
        kills.Push(storage.Kill);
        (Blobs, StorageName) = (storage.Blobs, storage.ConnectionString);

        var app = Build(storage, trainer);
        stops.Push(() => app.DisposeAsync().AsTask());

        var engine = app.Services.GetRequiredService<EmbeddedEngine>();
        try
        {
            await engine.StartAsync(cancellation);
        }
        catch (EngineStorageException e)
        {
            throw new EnvironmentException(e.Message, e);
        }
        stops.Push(() => engine.StopAsync(CancellationToken.None));
        var watch = new CancellationTokenSource();
        stops.Push(() => RunAsync(watch.Cancel));
        Fault = FirstFaultAsync(engine.Completion, storage.Exited,
            DiskSpace.ExhaustedAsync(Data.Path, DiskSpace.Free, TimeProvider.System, watch.Token));

        try
        {
            await app.StartAsync(cancellation);
        }
        catch (IOException e)
        {
            throw ListenAddress.Taken(Options, e.InnerException?.InnerException ?? e);
        }
        stops.Push(() => app.StopAsync(CancellationToken.None));

        Workers = app.Services.GetRequiredService<ProcessWorkerPool>();
        stops.Push(Workers.StopAsync);
        kills.Push(Workers.Kill);

        Address = AddressOf(app);
        taken.Announce(Address.GetLeftPart(UriPartial.Authority), Key);
    }

    private WebApplication Build(LocalStorage storage, WorkerCommand trainer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddProvider(new FileLoggerProvider(Path.Combine(Data.Logs, "host.log"), TimeProvider.System));
        if (Options.LogToConsole)
        {
            builder.Logging.AddSimpleConsole(console =>
                (console.SingleLine, console.TimestampFormat, console.ColorBehavior) = (true, "HH:mm:ss ", LoggerColorBehavior.Disabled));
            builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        }

        var pipeline = new PipelineOptions
        {
            Datasets = DatasetReader.Instance,
            Hub = HubReader.FromEnvironment(Environment.GetEnvironmentVariable),
            ApiKey = Key,
            LocalFolders = Options.FileFolders,
            Limits = HostLimits.Of(Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes),
            Services = HostServices.Of(Options.Services),
            PricePerWorkerHour = LocalPrice.PerHour(Environment.GetEnvironmentVariable),
            Currency = LocalPrice.Currency(Environment.GetEnvironmentVariable),
        };
        var services = builder.Services;
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<ITracker>(new TrackioTracker(Environment.GetEnvironmentVariable));
        services.AddSingleton(storage.Blobs);
        services.AddSingleton<OpenQueue>(storage.OpenQueue);
        services.AddSingleton(
            new WorkerPoolOptions { Command = trainer, Storage = storage.ConnectionString, LogFile = Data.WorkerLog,
                LeaseFile = Data.WorkerLease, Cache = Data.Checkpoints, Count = Options.Workers, Gpus = Options.Gpus });
        services.AddSingleton<ProcessWorkerPool>().AddSingleton<IWorkerPool>(provider => new MeteredPool(
            provider.GetRequiredService<ProcessWorkerPool>(), storage.Blobs, pipeline.PricePerWorkerHour, TimeProvider.System));
        services.AddSingleton<IWorkerLogs>(new FileWorkerLogs(Data.WorkerLog));
        services.AddSingleton(provider => new EmbeddedEngine(
            new EngineOptions { DatabasePath = Data.Orchestrations },
            new OrchestrationRegistry().AddPipeline(pipeline),
            provider,
            provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton<IOrchestrationClient>(provider => provider.GetRequiredService<EmbeddedEngine>());
        services.AddSingleton<ITraceReader, TraceFile>().AddPipeline(pipeline).AddPipelineBackgroundServices();
        LocalApi.AddServices(builder, Options);
        HostTelemetry.Add(builder);

        var app = builder.Build();
        LocalApi.Map(app, Options);
        HostTelemetry.Map(app);
        return app;
    }

    // The address that clients on this machine use: always one of loopback.
    private Uri AddressOf(WebApplication app)
    {
        var addresses = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        var bound = addresses.Select(address => new Uri(address)).ToList();
        return Options.IsOnEveryAddress ? new UriBuilder(bound[0]) { Host = "127.0.0.1" }.Uri : bound.First(address => address.IsLoopback);
    }

    private static async Task<string> FirstFaultAsync(Task engine, params Task<string>[] others)
    {
        if (await Task.WhenAny([engine, .. others]) is Task<string> fault) return await fault;
        return engine.Exception?.GetBaseException().Message ?? "The engine has stopped.";
    }

    private static Task RunAsync(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}

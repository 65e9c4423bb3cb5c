using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace R1Cloud.Pipeline.Tests.Support;

/// <summary>
/// The lifetime of a host inside a test. The usual one takes the process's signals for itself: a host that nobody waits for would swallow
/// them, and the test program could not be ended.
/// </summary>
internal sealed class QuietLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

internal static class QuietLifetimeRegistration
{
    /// <summary>Leaves the process's signals to the process.</summary>
    public static IServiceCollection LeaveSignals(this IServiceCollection services) =>
        services.AddSingleton<IHostLifetime, QuietLifetime>();
}

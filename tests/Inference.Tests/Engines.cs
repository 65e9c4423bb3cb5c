using Microsoft.Extensions.Logging.Abstractions;
using R1Cloud.Inference.Protocols;
using R1Cloud.Inference.Serving;
using R1Cloud.Inference.Sglang;
using R1Cloud.Inference.Vllm;

namespace R1Cloud.Inference.Tests;

/// <summary>Ways to servers, with the limits of tests.</summary>
internal static class Engines
{
    public static IEngineProtocol Vllm(Uri address, string? key = null) =>
        new VllmProtocol(address, key, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(120));

    public static IEngineProtocol Sglang(Uri address, string? key = null, string? controlKey = null) =>
        new SglangProtocol(address, new(key, controlKey), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(120));

    public static EnginePool Pool(ServingOptions options, params Uri[] servers) => PoolOf(server => Vllm(server), options, servers);

    public static EnginePool PoolOf(Func<Uri, IEngineProtocol> protocol, ServingOptions options, params Uri[] servers) =>
        new([.. servers.Select(server => new AttachedEngine(protocol(server)))], options, TimeProvider.System, NullLogger.Instance);

    public static EngineRequest Ask(ulong seed, int last = 19, int most = 12) => new([2, 8, 9, 17, 14, last], seed, most, [1]);
}

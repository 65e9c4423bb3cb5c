using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using R1Cloud.Pipeline.Options;

namespace R1Cloud.Pipeline.Api;

/// <summary>Asks for the API key, when one is set, on everything but the health check.</summary>
internal sealed class ApiKeyMiddleware(RequestDelegate next, PipelineOptions options)
{
    private readonly byte[]? expected = options.ApiKey is { } key ? Hash(key) : null;

    public async Task InvokeAsync(HttpContext context)
    {
        if (expected is null || context.Request.Path == ApiRoutes.Health
            || IsRight(context.Request.Headers[ApiRoutes.ApiKeyHeader].ToString()))
        {
            await next(context);
            return;
        }
        context.Response.Headers.WWWAuthenticate = "ApiKey";
        await ApiProblems.Create(StatusCodes.Status401Unauthorized,
            $"The header {ApiRoutes.ApiKeyHeader} with the service's key is required.").ExecuteAsync(context);
    }

    // Equal lengths compared in constant time: neither the key's content nor its length shows.
    private bool IsRight(string key) => CryptographicOperations.FixedTimeEquals(Hash(key), expected);

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}

/// <summary>When an API key is required.</summary>
public static class ApiKeyRule
{
    /// <summary>Refuses to serve beyond loopback without a key.</summary>
    /// <param name="urls">The addresses that the service is bound to.</param>
    /// <param name="apiKey">The key; null or empty for none.</param>
    /// <exception cref="InvalidOperationException">An address is not loopback and there is no key.</exception>
    public static void Check(IEnumerable<string> urls, string? apiKey)
    {
        if (!string.IsNullOrEmpty(apiKey)) return;
        foreach (var url in urls)
        {
            if (!IsLoopback(url))
                throw new InvalidOperationException(
                    $"'{url}' can be reached from other machines: set an API key, or bind to 127.0.0.1 only.");
        }
    }

    private static bool IsLoopback(string url)
    {
        // Hosts such as "+" and "*" mean every address and are no URIs.
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri)) return false;
        return uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
    }
}

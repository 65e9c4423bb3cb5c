using System.Net;

namespace R1Cloud.LocalHost.Client;

/// <summary>What to set when a host asks who one is.</summary>
internal static class SignInHint
{
    /// <summary>A sentence to follow the problem; empty where signing in is not it.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="hasKey">Whether a key was sent.</param>
    /// <param name="hasToken">Whether a token was sent.</param>
    public static string For(HttpResponseMessage response, bool hasKey, bool hasToken)
    {
        if (response.StatusCode != HttpStatusCode.Unauthorized) return "";
        // Entra ID, in front of the API, asks for a token; the API itself, and the Functions host that says nothing, for a key.
        var wantsToken = response.Headers.WwwAuthenticate.Any(scheme => scheme.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase));
        return Environment.NewLine + (wantsToken, wantsToken ? hasToken : hasKey) switch
        {
            (true, false) => "Set R1_TOKEN to an access token (az account get-access-token; docs/azure.md).",
            (true, true) => "The access token in R1_TOKEN is refused: it has expired, or is for another application.",
            (false, false) => "Set R1_API_KEY to the host's key, or name its file with --api-key-file.",
            (false, true) => "The key in R1_API_KEY (or --api-key-file) is not the host's.",
        };
    }
}

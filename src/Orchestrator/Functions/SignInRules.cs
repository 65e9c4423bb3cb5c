using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace R1Cloud.Orchestrator.Functions;

/// <summary>
/// Who passes where Entra ID stands before the app. The platform checks tokens and sessions, and says in a header of its own who somebody
/// is; it lets those through whom it does not know, so that a browser can be sent to sign in and a program be told 401. Both are done here.
/// </summary>
/// <remarks>https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities</remarks>
/// <param name="Identities">Object ids of those who pass.</param>
/// <param name="Groups">Object ids of groups whose members pass.</param>
/// <param name="PlatformChecks">
/// Whether the platform says that it checks: otherwise anybody could have written its header, and nobody passes.
/// </param>
internal sealed record SignInRules(IReadOnlySet<string> Identities, IReadOnlySet<string> Groups, bool PlatformChecks)
{
    /// <summary>The header that the platform writes, and takes from requests that come with it.</summary>
    public const string PrincipalHeader = "X-MS-CLIENT-PRINCIPAL";

    /// <summary>The cookie of a browser that has signed in.</summary>
    public const string SessionCookie = "AppServiceAuthSession";

    private static readonly string[] ObjectIds = ["http://schemas.microsoft.com/identity/claims/objectidentifier", "oid"];

    private sealed record Principal(string? Auth_typ, IReadOnlyList<Claim>? Claims);

    private sealed record Claim(string Typ, string Val);

    /// <summary>Whether the platform has said that a request is of somebody who passes.</summary>
    public Verdict Of(HttpRequest request)
    {
        if (!PlatformChecks) return Verdict.NotChecked;
        if (Read(request.Headers[PrincipalHeader].ToString()) is not { Auth_typ: "aad", Claims: { } claims }) return Verdict.Unknown;
        return claims.Any(claim => (ObjectIds.Contains(claim.Typ) && Identities.Contains(claim.Val))
            || (claim.Typ == "groups" && Groups.Contains(claim.Val))) ? Verdict.Passes : Verdict.NotNamed;
    }

    private static Principal? Read(string header)
    {
        try
        {
            return header.Length == 0 ? null
                : JsonSerializer.Deserialize<Principal>(Encoding.UTF8.GetString(Convert.FromBase64String(header)),
                    JsonSerializerOptions.Web);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null; // nobody that the platform knows
        }
    }
}

/// <summary>What the platform has said of a request.</summary>
internal enum Verdict
{
    /// <summary>Somebody who passes.</summary>
    Passes,
    /// <summary>Nobody has signed in.</summary>
    Unknown,
    /// <summary>Somebody who is not named.</summary>
    NotNamed,
    /// <summary>The platform does not check.</summary>
    NotChecked,
}

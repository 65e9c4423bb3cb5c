using System.Buffers.Text;
using System.Security.Cryptography;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>The key of the API on this machine.</summary>
internal static class ApiKeys
{
    private const string Field = "key=";
    private const int Bytes = 32;

    /// <summary>A new one that nobody can guess, made of letters that need no quotes in headers, addresses and shells.</summary>
    public static string Create() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>
    /// An address for people, with the key in its fragment: a browser keeps that to itself, no server and no log of requests sees it.
    /// </summary>
    public static Uri WithKey(Uri address, string key) => new UriBuilder(address) { Fragment = Field + Uri.EscapeDataString(key) }.Uri;

    /// <summary>The key in an address's fragment; null when there is none.</summary>
    public static string? In(Uri address)
    {
        var fragment = address.Fragment.TrimStart('#');
        return fragment.StartsWith(Field, StringComparison.Ordinal) ? Uri.UnescapeDataString(fragment[Field.Length..]) : null;
    }

    /// <summary>The address without a fragment.</summary>
    public static Uri Without(Uri address) => new UriBuilder(address) { Fragment = "" }.Uri;
}

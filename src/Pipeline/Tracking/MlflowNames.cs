using System.Security.Cryptography;
using System.Text;

namespace R1Cloud.Pipeline.Tracking;

/// <summary>Names as MLflow takes them: one that it refuses would keep a whole batch from it for good.</summary>
internal static class MlflowNames
{
    private const int Longest = 250;

    /// <summary>The key of a figure: its own name where MLflow takes that, else one made of it that no other has.</summary>
    public static string KeyOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var parts = name.Normalize().Split('/').Select(part => string.Concat(part.EnumerateRunes().Select(rune =>
            Rune.IsLetterOrDigit(rune) || "_-.: ".Contains(rune.ToString(), StringComparison.Ordinal) ? rune.ToString() : "_")));
        var key = string.Join('/', parts.Select(part => part.Trim('.').Length == 0 ? "_" : part));
        if (key == name && key.Length <= Longest) return key;
        var mark = "-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..8];
        var room = Longest - mark.Length;
        if (key.Length > room) key = key[..(char.IsHighSurrogate(key[room - 1]) ? room - 1 : room)].TrimEnd('/');
        return key + mark;
    }

    /// <summary>Settings as params, in order, each key once.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Params(IReadOnlyDictionary<string, string> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings.OrderBy(setting => setting.Key, StringComparer.Ordinal)
            .Select(setting => KeyValuePair.Create(KeyOf(setting.Key), setting.Value)).DistinctBy(setting => setting.Key);
    }
}

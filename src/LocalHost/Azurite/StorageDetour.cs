using System.Globalization;

namespace R1Cloud.LocalHost.Azurite;

/// <summary>
/// Leads all that a host and its workers say to their storage past another program, which may stand in its way.
/// </summary>
/// <remarks>
/// <c>R1_STORAGE_DETOUR=BLOBPORT:QUEUEPORT:FILE</c>: the ports of loopback where the other program listens, and the file in which the host
/// tells it where storage itself is, as <c>BLOBPORT:QUEUEPORT</c>.
/// </remarks>
internal static class StorageDetour
{
    /// <summary>The environment variable that leads there.</summary>
    public const string Variable = "R1_STORAGE_DETOUR";

    private static readonly (string Name, int Index)[] Services = [("BlobEndpoint", 0), ("QueueEndpoint", 1)];

    /// <summary>A connection string by way of the detour, if there is one; the file tells where the way goes on.</summary>
    /// <param name="connectionString">Storage's own.</param>
    /// <param name="setting">The variable's value.</param>
    public static string Take(string connectionString, string? setting)
    {
        if (string.IsNullOrEmpty(setting)) return connectionString;
        if (setting.Split(':', 3) is not [var blobs, var queues, { Length: > 0 } file])
            throw new InvalidOperationException($"{Variable} is '{setting}'; it is BLOBPORT:QUEUEPORT:FILE.");
        int[] ports = [Port(blobs), Port(queues)];
        var parts = connectionString.Split(';').Select(part => part.Split('=', 2)).ToList();
        var real = new int[ports.Length];
        foreach (var (name, index) in Services)
        {
            var part = parts.Single(part => part[0] == name);
            var address = new UriBuilder(part[1]);
            (real[index], address.Port) = (address.Port, ports[index]);
            part[1] = address.Uri.AbsoluteUri;
        }
        File.WriteAllText(file + ".new", string.Create(CultureInfo.InvariantCulture, $"{real[0]}:{real[1]}"));
        File.Move(file + ".new", file, overwrite: true);
        return string.Join(';', parts.Select(part => string.Join('=', part)));
    }

    /// <summary>Where storage is, by the file; null while it does not tell.</summary>
    public static (int Blobs, int Queues)? Read(string file)
    {
        try
        {
            return File.ReadAllText(file).Split(':') is [var blobs, var queues] ? (Port(blobs), Port(queues)) : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static int Port(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}

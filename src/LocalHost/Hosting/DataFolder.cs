using System.Text.Json;
using R1Cloud.LocalHost.Environments;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.LocalHost.Hosting;

/// <summary>Where a host keeps everything: history, blobs, logs and what its runs made. One host at a time.</summary>
internal sealed class DataFolder(string path)
{
    /// <summary>The layout that this version reads and writes.</summary>
    public const int CurrentFormat = 1;

    // ENOSPC and EROFS: the lock is there and is not the obstacle.
    private const int NoSpace = 28, ReadOnly = 30;

    private const string AzuriteFolder = "azurite";

    private static readonly JsonSerializerOptions Json = R1Json.Indented;

    // What a run cannot do without, once it is there. The cache of checkpoints, logs and copies of reports may go at any time.
    private static readonly (string Name, string Holds)[] Parts =
    [
        ("orchestrations.db", "the runs' history"), (AzuriteFolder, "their blobs and queues"),
            ("azurite/blob-metadata.json", "the list of blobs"), ("azurite/blob-extents.json", "the list of the blobs' pieces"),
        ("azurite/blob-data", "the blobs' contents"), ("azurite/queue-metadata.json", "the queues"),
    ];

    /// <summary>The folder, absolute.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>The orchestrations' history.</summary>
    public string Orchestrations => System.IO.Path.Combine(Path, "orchestrations.db");

    /// <summary>Azurite's folder.</summary>
    public string Azurite => System.IO.Path.Combine(Path, AzuriteFolder);

    /// <summary>The workers' cache of checkpoints; may be removed at any time.</summary>
    public string Checkpoints => System.IO.Path.Combine(Path, "cache");

    /// <summary>What the running host says about itself.</summary>
    public string HostFile => System.IO.Path.Combine(Path, "host.json");

    private string LockFile => System.IO.Path.Combine(Path, "host.lock");

    private string FormatFile => System.IO.Path.Combine(Path, "format.json");

    /// <summary>The folder into which a finished run's files are copied.</summary>
    public string Run(string runId) => SafePath.Join(Path, "runs/" + runId).FullName;

    /// <summary>The logs of the host and of the workers.</summary>
    public string Logs => System.IO.Path.Combine(Path, "logs");

    /// <summary>A worker's log.</summary>
    public string WorkerLog(string runId, string worker) => SafePath.Join(Logs, $"{runId}/{worker}.log").FullName;

    /// <summary>Which message a worker holds.</summary>
    public string WorkerLease(string runId, string worker) => System.IO.Path.Combine(Logs, runId, worker + ".lease");

    /// <summary>Creates the folder if need be and takes it for this process; the lock ends with the process, however it ends.</summary>
    /// <exception cref="EnvironmentException">Another host has it, another version wrote it, or it cannot be written.</exception>
    public HostLock Acquire()
    {
        try
        {
            PrivateFolder.Create(Path);
            var file = new FileStream(LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            try
            {
                CheckFormat();
                return new HostLock(this, file);
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch (IOException e) when (File.Exists(LockFile) && (e.HResult & 0xFFFF) is not (NoSpace or ReadOnly))
        {
            var holder = ReadHost();
            var who = holder is null
                ? "another host" : $"another host (pid {holder.ProcessId}{(holder.Url is null ? "" : $", {holder.Url}")})";
            throw new EnvironmentException(
                $"The data folder '{Path}' is in use by {who}. Stop that one, or pass --data DIR for a folder of your own.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EnvironmentException($"The data folder '{Path}' cannot be written: {e.Message} Pass --data DIR for another one.", e);
        }
    }

    /// <summary>Why other users may look into the folder, in words; null when they may not, or this system does not tell.</summary>
    public string? Warning() => FileStatus.Of(Path) switch
    {
        { IsOwn: false } other =>
            $"the data folder '{Path}' belongs to another user (uid {other.Owner}), who can read and change all that is in it",
        { IsOpenToOthers: true } wide =>
            $"other users may look into the data folder '{Path}' (mode {Convert.ToString((int)wide.Mode, 8)}): close it with chmod 700",
        _ => null,
    };

    /// <summary>The host that runs on the folder, for those who mean to talk to it.</summary>
    /// <exception cref="EnvironmentException">None runs, or what says so is not to be trusted with requests.</exception>
    public RunningHost FindHost()
    {
        if (FileStatus.Of(HostFile) is { } status)
        {
            if (!status.IsOwn) throw Untrusted($"belongs to another user (uid {status.Owner})");
            if (status.IsWritableToOthers) throw Untrusted("can be written by other users");
        }
        if (ReadHost() is not { Url: { } url } host || !host.IsAlive())
        {
            throw new EnvironmentException(
                $"No host runs on the data folder '{Path}'. Start one with `r1 serve` or `r1 up`, or name one with --url or R1_URL.");
        }
        return Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttp && address.IsLoopback
            ? new(address, host.Key)
            : throw Untrusted($"names '{url}', which is no http address of this machine");

        EnvironmentException Untrusted(string why) =>
            new($"'{HostFile}' {why}: it may lead anywhere and is not followed. Name a host with --url or R1_URL.");
    }

    /// <summary>The key of the host that runs on the folder, if it is the one at an address.</summary>
    public string? KeyOf(Uri address)
    {
        try
        {
            var host = FindHost();
            return host.Address.GetLeftPart(UriPartial.Authority) == address.GetLeftPart(UriPartial.Authority) ? host.Key : null;
        }
        catch (EnvironmentException)
        {
            return null; // the address is another host's
        }
    }

    /// <summary>What the running host, or the last one, said about itself; null when there is nothing readable.</summary>
    public HostInfo? ReadHost()
    {
        try
        {
            return JsonSerializer.Deserialize<HostInfo>(File.ReadAllBytes(HostFile), Json);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private void CheckFormat()
    {
        if (!File.Exists(FormatFile))
        {
            Write(new FormatInfo(CurrentFormat, HostInfo.ProductVersion));
            return;
        }

        FormatInfo? found;
        try
        {
            found = JsonSerializer.Deserialize<FormatInfo>(File.ReadAllBytes(FormatFile), Json);
        }
        catch (JsonException e)
        {
            throw new EnvironmentException(
                $"'{FormatFile}' cannot be read ({e.Message}): this does not look like a data folder. Pass --data DIR for another one.", e);
        }

        if (found?.Format != CurrentFormat)
        {
            throw new EnvironmentException(
                $"The data folder '{Path}' was written by version {found?.Version} (format {found?.Format}); this is "
                + $"version {HostInfo.ProductVersion} " +
                $"(format {CurrentFormat}) and cannot go on with it. Pass --data DIR for another folder, or move this one away.");
        }
        CheckParts(found.Parts ?? []);
    }

    /// <summary>
    /// Writes down which parts there are by now, so that one which is missing at the next start is known to have been removed.
    /// </summary>
    internal void NoteParts()
    {
        try
        {
            Write(new FormatInfo(CurrentFormat, HostInfo.ProductVersion) { Parts = [.. Parts.Select(part => part.Name).Where(Exists)] });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk, say: the next start only knows of fewer parts.
        }
    }

    // History and blobs speak of each other: without one of them runs would stop at what is not there, one after the other.
    private void CheckParts(IReadOnlyList<string> known)
    {
        var missing = Parts.Where(part => known.Contains(part.Name) && !Exists(part.Name)).ToList();
        if (missing.Exists(part => part.Name == AzuriteFolder))
            missing.RemoveAll(part => part.Name.StartsWith(AzuriteFolder + "/", StringComparison.Ordinal));
        if (missing.Count == 0) return;
        throw new EnvironmentException(
            $"The data folder '{Path}' lacks {string.Join(" and ", missing.Select(part => $"'{part.Name}' ({part.Holds})"))}, which was "
            + $"there before and has been removed. "
            + $"Put it back, or pass --data DIR for another folder. To go on without it, remove '{FormatFile}' too: runs that need it "
                + $"will fail, others begin again.");
    }

    private bool Exists(string part) => System.IO.Path.Exists(System.IO.Path.Combine(Path, part));

    private void Write(FormatInfo info)
    {
        var temporary = FormatFile + ".new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(info, Json));
        File.Move(temporary, FormatFile, overwrite: true);
    }

    private sealed record FormatInfo(int Format, string Version)
    {
        public IReadOnlyList<string>? Parts { get; init; }
    }
}

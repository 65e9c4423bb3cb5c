using System.Net;
using System.Net.Http.Headers;
using R1Cloud.Hub.Cache;
using R1Cloud.Hub.Wire;

namespace R1Cloud.Hub.Downloading;

/// <summary>
/// Brings a file's bytes, from where a partial one ends. Tries are counted again whenever bytes came, so a long file may break off often.
/// </summary>
/// <param name="http">Asks.</param>
/// <param name="repository">The repository.</param>
/// <param name="commit">The commit.</param>
/// <param name="file">The file.</param>
internal sealed class FileTransfer(HubHttp http, HubRepository repository, string commit, HubFile file)
{
    private readonly byte[] buffer = new byte[1 << 20];
    private EntityTagHeaderValue? tag;

    private string What => $"{repository}@{commit[..7]} {file.Path}";

    /// <summary>Writes what is missing.</summary>
    /// <param name="target">The partial file, at its end.</param>
    /// <param name="hash">Has seen all that is in it.</param>
    /// <param name="came">Told of the bytes that are there; fewer than before where it began again.</param>
    /// <param name="cancellation">Stops; what came stays.</param>
    public async Task RunAsync(FileStream target, ContentHash hash, Action<long> came, CancellationToken cancellation)
    {
        for (var idle = 1; target.Position < file.Size; idle++)
        {
            var before = target.Position;
            HubException? failure;
            try
            {
                failure = await TryAsync(target, hash, came, cancellation);
            }
            catch (HubException e) when (e.Problem is HubProblem.Away or HubProblem.LinkExpired)
            {
                failure = e;
            }
            finally
            {
                await target.FlushAsync(CancellationToken.None);
            }
            if (target.Position >= file.Size) return;
            if (target.Position > before) idle = 0;
            if (idle >= http.Patience.Tries)
                throw new HubException(HubProblem.Away, $"{What}: {target.Position} of {file.Size} bytes came, and {idle} tries brought no "
                    + $"more. {failure?.Message}", failure);
            await http.Patience.AfterAsync(Math.Max(1, idle), cancellation);
        }
    }

    // Each try asks the Hub again, which signs a new link: one that has expired is no more than a try without bytes.
    private async Task<HubException?> TryAsync(FileStream target, ContentHash hash, Action<long> came, CancellationToken cancellation)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await http.SendAsync(
                new(HttpMethod.Get, HubAddress.Of(http.Settings, repository.PagePath, "resolve", commit, file.Path), What)
                { From = target.Position, IfRange = tag, Timeout = http.Settings.ReadTimeout, IsRepeatable = false }, cancellation);
        }
        catch (HubException e) when (e.Problem == HubProblem.NoSuchRange)
        {
            Restart(target, hash);
            return e;
        }
        using (answer)
        {
            if (answer.Headers.ETag is { IsWeak: false } strong) tag = strong;
            if (answer.StatusCode != HttpStatusCode.PartialContent || answer.Content.Headers.ContentRange?.From != target.Position)
            {
                Restart(target, hash);
                if (answer.StatusCode == HttpStatusCode.PartialContent) return new(HubProblem.Away,
                    $"{What}: another part came than was asked for.");
            }
            if (answer.Content.Headers.ContentLength is { } length && target.Position + length != file.Size)
                return new(HubProblem.WrongContent, $"{What}: {target.Position + length} bytes are offered, the Hub lists {file.Size}.");
            return await CopyAsync(answer, target, hash, came, cancellation);
        }
    }

    private async Task<HubException?> CopyAsync(HttpResponseMessage answer, FileStream target, ContentHash hash, Action<long> came,
        CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timer.Token);
        await using var body = await answer.Content.ReadAsStreamAsync(both.Token);
        while (target.Position < file.Size)
        {
            int read;
            try
            {
                timer.CancelAfter(http.Settings.ReadTimeout); // of each read: a file of hours is fine, silence is not
                read = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, file.Size - target.Position)), both.Token);
            }
            catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
            {
                return new(HubProblem.Away, $"{What}: no byte came for {http.Settings.ReadTimeout.TotalSeconds:0.#} s.", e);
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                return new(HubProblem.Away, $"{What}: the line broke: {e.Message}", e);
            }
            if (read == 0) return new(HubProblem.Away, $"{What}: the bytes end too early.");
            hash.Append(buffer.AsSpan(0, read));
            await target.WriteAsync(buffer.AsMemory(0, read), cancellation);
            came(target.Position);
        }
        return null;
    }

    private static void Restart(FileStream target, ContentHash hash)
    {
        if (target.Position == 0) return;
        target.SetLength(0);
        hash.Restart();
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace R1Cloud.GpuJob.Tests.Work;

/// <summary>A way to the blobs that can be cut, while the queues stay: a partial outage.</summary>
internal sealed class StorageProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> open = [];
    private readonly int target;
    private readonly Task accepting;
    private bool away;

    /// <summary>Listens on a free port.</summary>
    public StorageProxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Whether nothing gets through.</summary>
    public bool Away
    {
        get => Volatile.Read(ref away);
        set
        {
            Volatile.Write(ref away, value);
            if (value) CloseAll();
        }
    }

    /// <summary>Cuts it for a while.</summary>
    public void Cut(TimeSpan duration)
    {
        Away = true;
        _ = Task.Delay(duration).ContinueWith(_ => Away = false, TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        CloseAll();
        await accepting;
    }

    private void CloseAll()
    {
        lock (open)
        {
            foreach (var client in open) client.Close();
            open.Clear();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ForwardAsync(await listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private async Task ForwardAsync(TcpClient near)
    {
        using (near)
        {
            if (Away) return;
            using var far = new TcpClient();
            try
            {
                await far.ConnectAsync(IPAddress.Loopback, target);
                lock (open) open.AddRange([near, far]);
                if (Away) return;
                await Task.WhenAny(SendAsync(near.GetStream(), far.GetStream()), far.GetStream().CopyToAsync(near.GetStream()));
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // Cut.
            }
        }
    }

    // Passes requests on under the name that the storage service goes by.
    private async Task SendAsync(NetworkStream near, NetworkStream far)
    {
        var (here, there) =
            (Encoding.ASCII.GetBytes($"Host: 127.0.0.1:{Port}\r\n"), Encoding.ASCII.GetBytes($"Host: 127.0.0.1:{target}\r\n"));
        var buffer = new byte[1 << 16];
        while (await near.ReadAsync(buffer) is > 0 and var read)
        {
            var start = buffer.AsSpan(0, read).IndexOf(here);
            if (start < 0)
            {
                await far.WriteAsync(buffer.AsMemory(0, read));
                continue;
            }
            await far.WriteAsync(buffer.AsMemory(0, start));
            await far.WriteAsync(there);
            await far.WriteAsync(buffer.AsMemory(start + here.Length, read - start - here.Length));
        }
    }
}

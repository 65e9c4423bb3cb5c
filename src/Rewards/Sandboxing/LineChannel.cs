using System.Diagnostics;
using System.Runtime.InteropServices;

namespace R1Cloud.Rewards.Sandboxing;

/// <summary>
/// Lines to and from a process that may do anything: never longer than allowed, never waited for beyond a deadline, without threads.
/// </summary>
/// <param name="input">What the process reads.</param>
/// <param name="output">What it writes.</param>
internal sealed unsafe partial class LineChannel(SafeHandle input, SafeHandle output)
{
    private byte[] buffer = new byte[16 * 1024];
    private int start, end;

    /// <summary>Sends a line; its end is added.</summary>
    /// <returns>Whether the process took it before the deadline.</returns>
    public bool Send(ReadOnlySpan<byte> line, Deadline deadline) => Write(line, deadline) && Write("\n"u8, deadline);

    /// <summary>Receives a line, valid until the next call, without its end.</summary>
    public ReceiveStatus Receive(int longest, Deadline deadline, out ReadOnlySpan<byte> line)
    {
        line = default;
        var searched = start;
        while (true)
        {
            var length = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n');
            if (length >= 0)
            {
                line = buffer.AsSpan(start, searched + length - start);
                start = searched + length + 1;
                return ReceiveStatus.Line;
            }
            if (end - start > longest) return ReceiveStatus.TooLong;
            searched = MakeRoom();
            if (!Wait(output, PollIn, deadline)) return ReceiveStatus.Late;
            nint count;
            fixed (byte* at = &buffer[end]) count = Read((int)output.DangerousGetHandle(), at, buffer.Length - end);
            if (count < 0 && Marshal.GetLastPInvokeError() == Interrupted) continue;
            if (count <= 0) return ReceiveStatus.Ended;
            end += (int)count;
        }
    }

    private int MakeRoom()
    {
        if (start > 0)
        {
            Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
            (start, end) = (0, end - start);
        }
        if (end == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        return end;
    }

    private bool Write(ReadOnlySpan<byte> bytes, Deadline deadline)
    {
        while (bytes.Length > 0)
        {
            if (!Wait(input, PollOut, deadline)) return false;
            nint count;
            // A pipe that polls as writable takes this much without blocking (POSIX: PIPE_BUF).
            fixed (byte* at = bytes) count = Write((int)input.DangerousGetHandle(), at, Math.Min(bytes.Length, 4096));
            if (count < 0 && Marshal.GetLastPInvokeError() == Interrupted) continue;
            if (count <= 0) return false;
            bytes = bytes[(int)count..];
        }
        return true;
    }

    private static bool Wait(SafeHandle handle, short events, Deadline deadline)
    {
        var poll = new PollFd { Handle = (int)handle.DangerousGetHandle(), Events = events };
        while (true)
        {
            var left = deadline.MillisecondsLeft;
            if (left <= 0) return false;
            var ready = Poll(&poll, 1, left);
            if (ready > 0) return true;
            if (ready < 0 && Marshal.GetLastPInvokeError() != Interrupted) return false;
        }
    }

    private const short PollIn = 1, PollOut = 4;
    private const int Interrupted = 4;

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Handle;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollFd* handles, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int handle, byte* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int handle, byte* bytes, nint count);
}

/// <summary>What came of waiting for a line.</summary>
internal enum ReceiveStatus
{
    /// <summary>A line.</summary>
    Line,
    /// <summary>The process ended or closed its side.</summary>
    Ended,
    /// <summary>Nothing by the deadline.</summary>
    Late,
    /// <summary>A line longer than allowed.</summary>
    TooLong,
}

/// <summary>A moment on the monotonic clock.</summary>
internal readonly record struct Deadline(long Timestamp)
{
    /// <summary>So many seconds from now.</summary>
    public static Deadline In(double seconds) => new(Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency));

    /// <summary>The earlier of two.</summary>
    public static Deadline Earlier(Deadline a, Deadline b) => a.Timestamp < b.Timestamp ? a : b;

    /// <summary>Whole milliseconds left, at least 1 while there is time; 0 afterwards.</summary>
    public int MillisecondsLeft
    {
        get
        {
            var left = Timestamp - Stopwatch.GetTimestamp();
            return left <= 0 ? 0 : (int)Math.Min(int.MaxValue, (left * 1000 / Stopwatch.Frequency) + 1);
        }
    }
}

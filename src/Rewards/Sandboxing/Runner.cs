using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace R1Cloud.Rewards.Sandboxing;

/// <summary>An interpreter in a sandbox that waits for one job. It is used once and ended with everything that it started.</summary>
internal sealed partial class Runner : IDisposable
{
    private const int KillSignal = 9;

    private readonly Process process;
    private readonly ControlGroups? groups;
    private readonly SandboxLimits limits;
    private readonly LineChannel channel;
    private bool ready, disposed;

    /// <summary>Takes over a process just started.</summary>
    public Runner(Process process, ControlGroups? groups, SandboxLimits limits)
    {
        (this.process, this.groups, this.limits) = (process, groups, limits);
        channel = new LineChannel(Handle(process.StandardInput.BaseStream), Handle(process.StandardOutput.BaseStream));

        static SafeHandle Handle(Stream stream) =>
            stream is System.IO.Pipes.PipeStream pipe ? pipe.SafePipeHandle : ((FileStream)stream).SafeFileHandle;
    }

    /// <summary>The id of the outermost process.</summary>
    public int ProcessId => process.Id;

    /// <summary>The folders of its control groups; gone once it is disposed.</summary>
    public IReadOnlyList<string> GroupFolders => groups?.Folders ?? [];

    /// <summary>Waits until the interpreter has said that it is ready.</summary>
    /// <exception cref="SandboxUnavailableException">It did not; the message has its last words.</exception>
    public void WaitReady()
    {
        if (ready) return;
        var status = channel.Receive(1024, Deadline.In(limits.StartSeconds), out var line);
        if (status == ReceiveStatus.Line && line.SequenceEqual("""{"ready": true}"""u8))
        {
            ready = true;
            return;
        }

        Stop();
        var words = process.StandardError.ReadToEnd().Trim();
        throw new SandboxUnavailableException(
            $"The sandbox does not start ({(status == ReceiveStatus.Late ? $"nothing within {limits.StartSeconds} s" : $"exit code {process.ExitCode}")}): {words}{Advice(words)}");
    }

    /// <summary>Sends a message.</summary>
    public bool Send<T>(T message, Deadline deadline) =>
        channel.Send(JsonSerializer.SerializeToUtf8Bytes(message, JsonSerializerOptions.Web), deadline);

    /// <summary>Sends a message as it came from another runner.</summary>
    public bool SendLine(ReadOnlySpan<byte> line, Deadline deadline) => channel.Send(line, deadline);

    /// <summary>Receives a message; the bytes are valid until the next call.</summary>
    public ReceiveStatus Receive(Deadline deadline, out ReadOnlySpan<byte> line) =>
        channel.Receive(limits.MessageBytes, deadline, out line);

    /// <summary>Receives a message from a program that may spend so much.</summary>
    /// <param name="watch">Watches the program, and others that work for it.</param>
    /// <param name="seconds">What may be spent, in seconds; beyond that the status is late.</param>
    /// <param name="line">The message; the bytes are valid until the next call.</param>
    /// <exception cref="SandboxException">The machine does not get on: the program has spent far less than the time that went
    /// by.</exception>
    public ReceiveStatus Receive(ProcessorWatch watch, double seconds, out ReadOnlySpan<byte> line)
    {
        while (true)
        {
            var status = channel.Receive(limits.MessageBytes, Deadline.In(ProcessorWatch.LookSeconds), out line);
            if (status != ReceiveStatus.Late) return status;
            if (watch.Update() > seconds) return ReceiveStatus.Late;
            var guard = limits.Guard(seconds);
            if (watch.Elapsed > guard) throw new SandboxException(string.Create(CultureInfo.InvariantCulture,
                $"The machine is too busy: {watch.Elapsed:F0} s went by while the program spent {watch.Spent:F1} s of its {seconds:F1} s."));
        }
    }

    /// <summary>Ends every process of the sandbox; does not wait until they are gone.</summary>
    public void Kill()
    {
        // Ending the first process of the process namespace makes the kernel end all others in it before bubblewrap, its parent, learns of
        // it.
        if (process.HasExited) return;
        var inner = groups is null ? 0 : FirstInside();
        if (inner <= 0 || Signal(inner, KillSignal) != 0) process.Kill(entireProcessTree: true);
    }

    /// <summary>Ends the sandbox. When it returns no process of it is left.</summary>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        Stop();
        process.Dispose();
        groups?.Dispose();
    }

    private void Stop()
    {
        Kill();
        if (!process.WaitForExit(5000)) process.Kill(entireProcessTree: true);
        process.WaitForExit();
    }

    private int FirstInside()
    {
        try
        {
            var id = process.Id.ToString(CultureInfo.InvariantCulture);
            var children = File.ReadAllText($"/proc/{id}/task/{id}/children");
            return int.TryParse(children.Split(' ')[0], CultureInfo.InvariantCulture, out var child) ? child : 0;
        }
        catch (IOException)
        {
            return 0; // gone, or a kernel without CONFIG_PROC_CHILDREN: bubblewrap's own death ends the rest
        }
    }

    private static string Advice(string words) => words switch
    {
        _ when words.Contains("Operation not permitted", StringComparison.Ordinal)
            || words.Contains("Permission denied", StringComparison.Ordinal) || words.Contains("No space left", StringComparison.Ordinal)
            => " Namespaces seem forbidden here: see docs/sandbox.md, 'Installing'.",
        _ => "",
    };

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}

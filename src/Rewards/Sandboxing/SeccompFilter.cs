using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace R1Cloud.Rewards.Sandboxing;

/// <summary>
/// A classic BPF program for seccomp (Linux Documentation/userspace-api/seccomp_filter.rst) that refuses, with EPERM, system calls that a
/// judged program has no use for and that reach far into the kernel: tracing, mounts, namespaces, keys, kernel modules, clocks, memory that
/// escapes the limits (memfd, System V shared memory), io_uring, every socket and pair of
/// sockets but those of the Unix domain. Calls newer than this list get ENOSYS, as on a kernel without them: programs then do without.
/// </summary>
internal static class SeccompFilter
{
    // struct seccomp_data { int nr; u32 arch; u64 instruction_pointer; u64 args[6]; }
    private const int NumberOffset = 0, ArchitectureOffset = 4, FirstArgumentOffset = 16;
    private const ushort Load = 0x20, JumpEqual = 0x15, JumpAtLeast = 0x35, JumpAnyBit = 0x45, Return = 0x06;
    private const uint Allow = 0x7fff0000, KillProcess = 0x80000000, Refuse = 0x00050000, NotPermitted = 1, NotImplemented = 38;
    private const uint UnixDomain = 1, X32Bit = 0x40000000;
    private const uint FirstUnknown = 450; // Linux 5.17's set_mempolicy_home_node: later numbers are the same on all architectures
    private const uint NewNamespaces = 0x7e020080; // CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET

    /// <summary>The filter for this machine's architecture, as <c>bwrap --seccomp</c> reads it.</summary>
    /// <exception cref="SandboxUnavailableException">There is no table for the architecture.</exception>
    public static byte[] Create() => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => Assemble(0xc000003e, X64, clone: 56, clone3: 435, socket: 41, socketPair: 53),
        Architecture.Arm64 => Assemble(0xc00000b7, Arm64, clone: 220, clone3: 435, socket: 198, socketPair: 199),
        var other =>
            throw new SandboxUnavailableException($"There is no system call filter for the architecture {other}: x64 or arm64 is needed."),
    };

    // The same calls in both lists, by each architecture's numbers.
    private static readonly uint[] X64 =
    [
        29, 30, 31, 67, 68, 69, 70, 71, 64, 65, 66, // shmget shmat shmctl shmdt; msgget msgsnd msgrcv msgctl; semget semop semctl
        101, 310, 311, 312, 440, 438, // ptrace process_vm_readv process_vm_writev kcmp process_madvise pidfd_getfd
        165, 166, 155, 161, 272, 308, // mount umount2 pivot_root chroot unshare setns
        428, 429, 430, 431, 432, 433, 442, // open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr
        248, 249, 250, 321, 298, 323, // add_key request_key keyctl bpf perf_event_open userfaultfd
        175, 176, 313, 246, 320, 169, 167, 168, // init_module delete_module finit_module kexec_load kexec_file_load reboot swapon swapoff
        163, 103, 172, 173, 179, 443, 180, 153, // acct syslog iopl ioperm quotactl quotactl_fd nfsservctl vhangup
        164, 159, 227, 305, 170, 171, // settimeofday adjtimex clock_settime clock_adjtime sethostname setdomainname
        300, 301, 303, 304, 212, // fanotify_init fanotify_mark name_to_handle_at open_by_handle_at lookup_dcookie
        237, 238, 256, 279, 425, 426, 427, // mbind set_mempolicy migrate_pages move_pages io_uring_setup io_uring_enter io_uring_register
        319, 447, 240, 139, // memfd_create memfd_secret mq_open sysfs
    ];

    private static readonly uint[] Arm64 =
    [
        194, 196, 195, 197, 186, 189, 188, 187, 190, 193, 191,
        117, 270, 271, 272, 440, 438,
        40, 39, 41, 51, 97, 268,
        428, 429, 430, 431, 432, 433, 442,
        217, 218, 219, 280, 241, 282,
        105, 106, 273, 104, 294, 142, 224, 225,
        89, 116, 60, 443, 42, 58,
        170, 171, 112, 266, 161, 162,
        262, 263, 264, 265, 18,
        235, 237, 238, 239, 425, 426, 427,
        279, 447, 180,
    ];

    private static byte[] Assemble(uint architecture, uint[] refused, uint clone, uint clone3, uint socket, uint socketPair)
    {
        var program = new List<(ushort Code, byte IfTrue, byte IfFalse, uint Value)>
        {
            (Load, 0, 0, ArchitectureOffset),
            (JumpEqual, 1, 0, architecture),
            (Return, 0, 0, KillProcess),
            (Load, 0, 0, NumberOffset),
            (JumpAtLeast, 0, 1, X32Bit),
            (Return, 0, 0, Refuse | NotPermitted),
            (JumpAtLeast, 0, 1, FirstUnknown),
            (Return, 0, 0, Refuse | NotImplemented),
            // The C library falls back to clone, whose flags can be looked at.
            (JumpEqual, 0, 1, clone3),
            (Return, 0, 0, Refuse | NotImplemented),
            (JumpEqual, 0, 4, clone),
            (Load, 0, 0, FirstArgumentOffset),
            (JumpAnyBit, 0, 1, NewNamespaces),
            (Return, 0, 0, Refuse | NotPermitted),
            (Return, 0, 0, Allow),
            (JumpEqual, 1, 0, socketPair),
            (JumpEqual, 0, 4, socket),
            (Load, 0, 0, FirstArgumentOffset),
            (JumpEqual, 1, 0, UnixDomain),
            (Return, 0, 0, Refuse | NotPermitted),
            (Return, 0, 0, Allow),
        };
        foreach (var number in refused)
        {
            program.Add((JumpEqual, 0, 1, number));
            program.Add((Return, 0, 0, Refuse | NotPermitted));
        }
        program.Add((Return, 0, 0, Allow));

        var bytes = new byte[program.Count * 8]; // struct sock_filter { u16 code; u8 jt; u8 jf; u32 k; }
        for (var i = 0; i < program.Count; i++)
        {
            var instruction = bytes.AsSpan(i * 8);
            BinaryPrimitives.WriteUInt16LittleEndian(instruction, program[i].Code);
            (instruction[2], instruction[3]) = (program[i].IfTrue, program[i].IfFalse);
            BinaryPrimitives.WriteUInt32LittleEndian(instruction[4..], program[i].Value);
        }
        return bytes;
    }
}

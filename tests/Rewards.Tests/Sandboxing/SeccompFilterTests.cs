using System.Buffers.Binary;
using System.Runtime.InteropServices;
using R1Cloud.Rewards.Sandboxing;

namespace R1Cloud.Rewards.Tests.Sandboxing;

/// <summary>The filter's program, carried out on calls as the kernel would.</summary>
public sealed class SeccompFilterTests
{
    private const uint Allow = 0x7fff0000, NotPermitted = 0x00050001, NotImplemented = 0x00050026, Kill = 0x80000000;

    [Theory]
    [InlineData("read", 0, Allow)]
    [InlineData("socket", 1, Allow)]
    [InlineData("socket", 2, NotPermitted)] // the internet
    [InlineData("socket", 16, NotPermitted)] // netlink
    [InlineData("socket", 40, NotPermitted)] // to a virtual machine's host
    [InlineData("socketpair", 1, Allow)]
    [InlineData("socketpair", 2, NotPermitted)]
    [InlineData("socketpair", 30, NotPermitted)] // TIPC has pairs
    [InlineData("clone", 0, Allow)]
    [InlineData("clone", 0x10000000, NotPermitted)] // a user namespace
    [InlineData("clone3", 0, NotImplemented)]
    [InlineData("ptrace", 0, NotPermitted)]
    [InlineData("io_uring_setup", 0, NotPermitted)]
    [InlineData("futex_waitv", 0, Allow)]
    [InlineData("fchmodat2", 0, NotImplemented)]
    [InlineData("newest", 0, NotImplemented)]
    [InlineData("x32", 0, NotPermitted)]
    public void Filter_Call_IsAnswered(string call, uint argument, uint answer)
    {
        var (x64, arm64) = call switch
        {
            "read" => (0u, 63u), "socket" => (41u, 198u), "socketpair" => (53u, 199u), "clone" => (56u, 220u), "clone3" => (435u, 435u),
                "ptrace" => (101u, 117u),
            "io_uring_setup" => (425u, 425u), "futex_waitv" => (449u, 449u), "fchmodat2" => (452u, 452u), "newest" => (999u, 999u),
                _ => (0x40000000u, 0x40000000u),
        };
        var (number, architecture) = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? (arm64, 0xc00000b7) : (x64, 0xc000003e);
        Run(SeccompFilter.Create(), number, architecture, argument).ShouldBe(answer);
        Run(SeccompFilter.Create(), number, architecture: 0x40000003, argument).ShouldBe(Kill); // i386 has other numbers
    }

    // struct seccomp_data { int nr; u32 arch; u64 instruction_pointer; u64 args[6]; }
    private static uint Run(byte[] program, uint number, uint architecture, uint argument)
    {
        uint accumulator = 0;
        for (var at = 0; ; at++)
        {
            var instruction = program.AsSpan(at * 8, 8);
            var (code, ifTrue, ifFalse, value) =
                (BinaryPrimitives.ReadUInt16LittleEndian(instruction), instruction[2], instruction[3],
                    BinaryPrimitives.ReadUInt32LittleEndian(instruction[4..]));
            switch (code)
            {
                case 0x20: accumulator =
                    value switch { 0 => number, 4 => architecture, 16 => argument, _ => throw new InvalidOperationException() }; break;
                case 0x15: at += accumulator == value ? ifTrue : ifFalse; break;
                case 0x35: at += accumulator >= value ? ifTrue : ifFalse; break;
                case 0x45: at += (accumulator & value) != 0 ? ifTrue : ifFalse; break;
                case 0x06: return value;
                default: throw new InvalidOperationException($"instruction {code:x}");
            }
        }
    }
}

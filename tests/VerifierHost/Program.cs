using System.Runtime.InteropServices;
using R1Cloud.Rewards.Sandboxing;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Verification;
using R1Cloud.Shared;

// --memory BYTES, as the pool starts verifiers. The reward's name says what goes wrong.
ChildLimits.Apply(long.Parse(args[1]));
using var input = Console.OpenStandardInput();
using var output = Console.OpenStandardOutput();
Verifier.Serve(input, output, (name, _) => name switch
{
    "length" => completion => new Reward(completion.Text.Length, "counted"),
    "hang" => _ => { while (true) Thread.Sleep(1000); },
    "spin" => _ => { while (true) { } },
    "crash" => _ => { Environment.FailFast("told to crash"); return default; },
    "exit" => _ => { Environment.Exit(7); return default; },
    "throw" => _ => throw new InvalidOperationException("told to throw"),
    "bad-input" => _ => throw new BadInputException("told that the input is bad"),
    "overflow" => _ => new Reward(Recurse(1), ""),
    "eat-managed" => _ => { var all = new List<byte[]>(); while (true) all.Add(GC.AllocateArray<byte>(1 << 24, pinned: true)); },
    "eat-native" => _ => { unsafe { while (true) NativeMemory.Fill(NativeMemory.Alloc(1 << 24), 1 << 24, 1); } },
    "pid" => _ => new Reward(Environment.ProcessId, ""),
    "children" => _ => new Reward(StartSandbox(), ""),
    "write" => _ => { Console.Error.WriteLine("noise"); return new Reward(1, ""); },
    _ => throw new BadInputException($"no reward {name}"),
});
return 0;

// A sandbox that sleeps; its process's id.
static int StartSandbox()
{
    var runner = new Sandbox(Interpreter.Find("python"), SandboxLimits.Default).Start();
    runner.WaitReady();
    return runner.ProcessId;
}

static double Recurse(double depth) => depth < 0 ? 0 : Recurse(depth + 1) + depth;

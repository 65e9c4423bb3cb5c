using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Tests;
using R1Cloud.Testing;

[assembly: AssemblyFixture(typeof(TestThreads))]
[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace R1Cloud.GpuJob.Tests;

/// <summary>
/// The threads that all tests of this assembly compute with, whatever the machine and its environment say: sums are cut among threads, and
/// their last bits depend on the number. It is the process's, so no test may take another one.
/// </summary>
public sealed class TestThreads
{
    public const int Count = 2;

    public TestThreads() => Compute.Start("cpu", Count);
}

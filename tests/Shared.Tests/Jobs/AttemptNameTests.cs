using R1Cloud.Shared.Jobs;

namespace R1Cloud.Shared.Tests.Jobs;

public class AttemptNameTests
{
    [Theory]
    [InlineData("worker-0"), InlineData("a"), InlineData("node-7-b")]
    public void WorkerOf_AName_IsTheWorkerThatItWasMadeFor(string worker) =>
        AttemptName.WorkerOf(AttemptName.Create(3, worker)).ShouldBe(worker);

    [Theory]
    [InlineData("a1"), InlineData(""), InlineData("lost-0123456789abcdef"), InlineData("x-worker-0-01234567")]
    public void WorkerOf_ANameOfAnotherForm_IsNull(string name) => AttemptName.WorkerOf(name).ShouldBeNull();
}

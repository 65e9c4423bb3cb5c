using R1Cloud.Orchestrator.Durable;

namespace R1Cloud.Orchestrator.Tests.Durable;

public sealed class FailureTextTests
{
    [Fact]
    public void Parse_ThroughCalls_EndsAtTheFirstCause()
    {
        var failure = FailureText.Parse("Microsoft.DurableTask.TaskFailedException: Task 'stage' (#-1) failed with an unhandled exception: "
            + "Task 'read' (#3) failed with an unhandled exception: job 'a' failed:\nbad input");

        failure.ErrorType.ShouldBe("Microsoft.DurableTask.TaskFailedException");
        failure.Root.ErrorMessage.ShouldBe("job 'a' failed:\nbad input");
    }

    [Theory]
    [InlineData("System.FormatException: not: a number", "System.FormatException", "not: a number")]
    [InlineData("disk full: 3 bytes", FailureText.UnknownType, "disk full: 3 bytes")]
    [InlineData("", FailureText.UnknownType, "")]
    public void Parse_OneFailure_HasTypeAndMessage(string text, string type, string message)
    {
        var failure = FailureText.Parse(text);

        failure.ErrorType.ShouldBe(type);
        failure.Root.ErrorMessage.ShouldBe(message);
    }
}

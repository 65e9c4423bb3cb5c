using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Datasets.Tests;

public sealed class DataFilesTests
{
    /// <summary>What the contract says can be read has a reader: the two stand in different projects.</summary>
    [Fact]
    public void Read_EveryExtensionOfTheContract_HasAReader()
    {
        foreach (var extension in DatasetTask.Extensions)
        {
            var problems = new List<DataProblem>();
            DataFiles.Read("missing" + extension, "missing" + extension, problems).ShouldBeEmpty();
            problems.ShouldHaveSingleItem().Message.ShouldBe("does not exist", extension);
        }
    }
}

using R1Cloud.GpuJob.Models;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Models;

public sealed class LayerPlacementTests
{
    [Theory]
    [InlineData(0, "4 4 4 4", 2, "0 0 1 1")]
    [InlineData(4, "4 4 4 4 4", 2, "0 0 1 1 1")] // the embedding is as a layer more
    [InlineData(20, "4 4 4 4", 3, "1 1 2 2")] // the first has enough with it
    [InlineData(0, "1 1 10 1 1", 3, "0 0 1 2 2")]
    [InlineData(3, "5 5", 4, "1 2")] // fewer layers than devices
    [InlineData(7, "5 5 5", 1, "0 0 0")]
    public void ByBytes_LayersInOrder_LeaveTheFullestDeviceAsEmptyAsCanBe(long first, string layers, int devices, string places)
    {
        long[] bytes = [.. layers.Split(' ').Select(long.Parse)];
        var placement = LayerPlacement.ByBytes(first, bytes, [.. Enumerable.Repeat(CPU, devices)]);
        var chosen = Enumerable.Range(0, bytes.Length).Select(placement.PlaceOf).ToArray();
        chosen.ShouldBe(chosen.Order().ToArray(), "in order");
        Fullest(chosen).ShouldBe(Fullest([.. places.Split(' ').Select(int.Parse)]));

        long Fullest(int[] at) => Enumerable.Range(0, devices)
            .Max(place => (place == 0 ? first : 0) + at.Index().Where(layer => layer.Item == place).Sum(layer => bytes[layer.Index]));
    }

    [Fact]
    public void ByBytes_EveryPlacementOfSmallModels_IsNoWorseThanAnyOther()
    {
        long[] bytes = [3, 1, 4, 1, 5];
        foreach (var first in new long[] { 0, 2, 9 })
        {
            var chosen = LayerPlacement.ByBytes(first, bytes, [CPU, CPU, CPU]);
            var best = (from one in Enumerable.Range(0, 6)
                        from two in Enumerable.Range(one, 6 - one)
                        select new[] { first + bytes[..one].Sum(), bytes[one..two].Sum(), bytes[two..].Sum() }.Max()).Min();
            Enumerable.Range(0, 3).Max(place => (place == 0 ? first : 0)
                + Enumerable.Range(0, 5).Where(layer => chosen.PlaceOf(layer) == place).Sum(layer => bytes[layer])).ShouldBe(best);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_AModel_CountsEmbeddingAndHeadOnTheFirst(bool tied)
    {
        // A layer has 4 · 32² + 2 · 32 · 16 + 3 · 32 · 48 weights and two norms; 600 tokens are as much as three layers, or six.
        var config = TestModels.Config(layers: 12, vocabulary: 600, tied: tied);
        var placement = LayerPlacement.Of(config, new Placement(CPU) { Devices = [CPU, CPU] });
        Enumerable.Range(0, 12).Count(layer => placement.PlaceOf(layer) == 0).ShouldBe(tied ? 5 : 4);
    }
}

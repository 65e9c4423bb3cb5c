using System.Collections.Concurrent;
using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Residency;

/// <summary>Which device samples what, shown by generators that write down what they are asked.</summary>
public sealed class ReplicaGeneratorTests : IDisposable
{
    private static readonly SamplingRecipe Sampling = new() { MaxNewTokens = 4 };

    private readonly DeviceGroup group = new([CPU, CPU, CPU]);
    private readonly ConcurrentBag<Recorder> made = [];

    public void Dispose() => group.Dispose();

    [Fact]
    public void Generate_MoreRequestsThanDevices_DealsThemOutInTurn()
    {
        using var generator = Generator();
        var results = generator.Generate([.. Enumerable.Range(0, 7).Select(i => Request(i, samples: 2))], Sampling);

        Asked(0).ShouldBe(["0: 0 1", "3: 300 301", "6: 600 601"]);
        Asked(1).ShouldBe(["1: 100 101", "4: 400 401"]);
        Asked(2).ShouldBe(["2: 200 201", "5: 500 501"]);
        results.Select(request => string.Join(' ', request.Select(result => result.Tokens[0])))
            .ShouldBe(["0 1", "100 101", "200 201", "300 301", "400 401", "500 501", "600 601"]);
    }

    [Fact]
    public void Generate_FewerRequestsThanDevices_CutsTheirSamples()
    {
        using var generator = Generator();
        var finished = new ConcurrentBag<(int Sample, int Token)>();
        var drawn = new ConcurrentBag<(int, int, int)>();
        var requests = new[] { Request(0, samples: 5) with { OnFinished = (sample, result) => finished.Add((sample, result.Tokens[0])) },
            Request(1, samples: 1) };
        var results = generator.Generate(requests, Sampling, drawn: (request, sample, id) => drawn.Add((request, sample, id)));

        Asked(0).ShouldBe(["0: 0 1"]);
        Asked(1).ShouldBe(["0: 2 3 4"]);
        Asked(2).ShouldBe(["1: 100"]);
        results[0].Select(result => result.Tokens[0]).ShouldBe([0, 1, 2, 3, 4]);
        results[1].Select(result => result.Tokens[0]).ShouldBe([100]);
        finished.Order().ShouldBe([(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]);
        drawn.Order().ShouldBe([(0, 0, 0), (0, 1, 1), (0, 2, 2), (0, 3, 3), (0, 4, 4), (1, 0, 100)]);
    }

    [Fact]
    public void Generate_OneRequestOfOneSample_MakesNoCopies()
    {
        using var generator = Generator();
        generator.Generate([Request(0, samples: 1)], Sampling);
        made.Count.ShouldBe(1);
    }

    [Fact]
    public void Refresh_Later_ReachesEveryDevicesGenerator()
    {
        using var generator = Generator();
        GenerationRequest[] requests = [Request(0, samples: 1), Request(1, samples: 1), Request(2, samples: 1)];
        generator.Generate(requests, Sampling);
        generator.Refresh();
        generator.Generate(requests, Sampling);
        made.Select(one => one.Refreshed).ShouldBe([1, 1, 1]);
    }

    [Fact]
    public void Generate_OneDeviceFails_ThrowsWhatItThrew()
    {
        using var generator = Generator();
        GenerationRequest[] requests = [Request(0, samples: 1), Request(1, samples: 1) with { Prompt = [] }];
        Should.Throw<InvalidOperationException>(() => generator.Generate(requests, Sampling)).Message.ShouldBe("no prompt");
    }

    private ReplicaGenerator Generator() => new(new ModelReplicas(TestModels.Create(TestModels.Config()), group), model =>
    {
        var recorder = new Recorder(model);
        made.Add(recorder);
        return recorder;
    });

    private static GenerationRequest Request(int number, int samples) =>
        new([number], [.. Enumerable.Range(0, samples).Select(sample => (ulong)(100 * number + sample))], []);

    // What the device at a place was asked, in order.
    private List<string> Asked(int place) => made.Single(one => one.Place == place).Asked;

    // Answers with its sample's seed as the only token.
    private sealed class Recorder(CausalLm model) : IGenerator
    {
        public int Place { get; } = Thread.CurrentThread.Name is { } name && name.StartsWith("replica ", StringComparison.Ordinal)
            ? int.Parse(name["replica ".Length..], System.Globalization.CultureInfo.InvariantCulture) : 0;

        public List<string> Asked { get; } = [];

        public int Refreshed { get; private set; }

        public void Refresh() => Refreshed++;

        public IReadOnlyList<IReadOnlyList<GenerationResult>> Generate(IReadOnlyList<GenerationRequest> requests, SamplingRecipe sampling,
            CancellationToken cancellation = default, Action<int, int, int>? drawn = null)
        {
            model.Weights.Count.ShouldBeGreaterThan(0);
            foreach (var (place, request) in requests.Index())
            {
                if (request.Prompt.Length == 0) throw new InvalidOperationException("no prompt");
                Asked.Add($"{request.Prompt[0]}: {string.Join(' ', request.Seeds)}");
                foreach (var (sample, seed) in request.Seeds.Index())
                {
                    drawn?.Invoke(place, sample, (int)seed);
                    request.OnFinished?.Invoke(sample, Result(seed));
                }
            }
            return [.. requests.Select(request => (IReadOnlyList<GenerationResult>)[.. request.Seeds.Select(Result)])];
        }

        public void Dispose()
        {
        }

        private static GenerationResult Result(ulong seed) => new([(int)seed], [0], [0], FinishReason.Stop);
    }
}

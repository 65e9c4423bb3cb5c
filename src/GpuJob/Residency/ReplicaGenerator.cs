using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Models;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Residency;

/// <summary>
/// Samples on all devices of a worker at once: requests are dealt out in turn, and results come in the order of one device, as a sample's
/// tokens depend on its seed and not on what is sampled beside it.
/// </summary>
/// <param name="replicas">The model.</param>
/// <param name="make">Makes a replica's generator.</param>
internal sealed class ReplicaGenerator(ModelReplicas replicas, Func<CausalLm, IGenerator> make) : IGenerator
{
    private readonly Replica?[] kept = new Replica?[replicas.Group.Replicas.Count];

    /// <inheritdoc/>
    public void Refresh()
    {
        replicas.Changed();
        foreach (var replica in kept)
            if (replica is not null) replica.IsStale = true;
    }

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<GenerationResult>> Generate(IReadOnlyList<GenerationRequest> requests, SamplingRecipe sampling,
        CancellationToken cancellation = default, Action<int, int, int>? drawn = null)
    {
        var pieces = Cut(requests, kept.Length);
        var models = replicas.Take(pieces.Count);
        var results = new IReadOnlyList<GenerationResult>[pieces.Count];
        replicas.Group.Run(models.Count, place =>
        {
            var own = Enumerable.Range(0, pieces.Count).Where(piece => piece % models.Count == place).ToArray();
            var sampled = Current(place, models[place]).Generate([.. own.Select(piece => pieces[piece].Of(requests))], sampling,
                cancellation, drawn is null ? null : (at, sample, id) =>
                    drawn(pieces[own[at]].Request, pieces[own[at]].First + sample, id));
            foreach (var (piece, samples) in own.Zip(sampled)) results[piece] = samples;
        });
        var whole = pieces.Zip(results).ToLookup(pair => pair.First.Request, pair => pair.Second);
        return [.. requests.Select((_, request) => (IReadOnlyList<GenerationResult>)[.. whole[request].SelectMany(part => part)])];
    }

    // Whole requests, whose prompts are read once for all their samples, unless devices would be left without.
    private static List<Piece> Cut(IReadOnlyList<GenerationRequest> requests, int devices)
    {
        var pieces = new List<Piece>();
        foreach (var (index, request) in requests.Index())
        {
            var samples = request.Seeds.Length;
            var parts = Math.Clamp((devices + requests.Count - 1) / requests.Count, 1, Math.Max(1, samples));
            for (var part = 0; part < parts; part++)
            {
                var first = samples * part / parts;
                pieces.Add(new Piece(index, first, samples * (part + 1) / parts - first));
            }
        }
        return pieces;
    }

    private IGenerator Current(int place, CausalLm model)
    {
        if (kept[place] is { } other && other.Model != model)
        {
            kept[place] = null; // a copy was made anew
            other.Generator.Dispose();
        }
        if (kept[place] is not { } replica) return (kept[place] = new(model, make(model))).Generator;
        if (replica.IsStale) replica.Generator.Refresh();
        replica.IsStale = false;
        return replica.Generator;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var replica in kept) replica?.Generator.Dispose();
    }

    private sealed record Replica(CausalLm Model, IGenerator Generator)
    {
        public bool IsStale { get; set; }
    }

    // Some samples of a request.
    private readonly record struct Piece(int Request, int First, int Count)
    {
        public GenerationRequest Of(IReadOnlyList<GenerationRequest> requests)
        {
            var (whole, first) = (requests[Request], First);
            if (Count == whole.Seeds.Length) return whole;
            var finished = whole.OnFinished;
            return whole with
            {
                Seeds = whole.Seeds[First..(First + Count)],
                OnFinished = finished is null ? null : (sample, result) => finished(first + sample, result),
            };
        }
    }
}

using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Generation.Torch;

/// <summary>
/// Generation through the model's own modules with a static cache, on any device. Batching is continuous: the rows of finished samples are
/// taken by the next ones in the queue, whose prompts are prefilled once for all their samples; when the queue is empty and the batch has
/// thinned to half, it shrinks.
/// </summary>
/// <param name="model">The model; used as it is at each call, so <see cref="Refresh"/> has nothing to do.</param>
/// <param name="maxRows">Samples decoded at once.</param>
/// <param name="maxPrefillTokens">Prompt positions that are prefilled at once, padding included.</param>
/// <param name="room">Bytes that there are for the cache; null, or what it says, for no limit.</param>
internal sealed class TorchGenerator(CausalLm model, int maxRows = 256, int maxPrefillTokens = 32768, Func<double?>? room = null)
    : IGenerator
{
    private const double PrefillShare = 0.25; // of the room: prompts are read into a cache of their own

    /// <inheritdoc/>
    public void Refresh()
    {
    }

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<GenerationResult>> Generate(
        IReadOnlyList<GenerationRequest> requests, SamplingRecipe sampling, CancellationToken cancellation = default,
            Action<int, int, int>? drawn = null)
    {
        GenerationChecks.Validate(model.Config, requests, sampling);
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        using var lowered = model.KeepLowered();
        var samples =
            requests.SelectMany((request, r) =>
                request.Seeds.Select((seed, s) =>
                    new GeneratedSample(request, r, s, seed, GenerationChecks.Limit(model.Config, request.Prompt.Length, sampling))))
            .ToArray();
        if (samples.Length > 0)
        {
            var longest = samples.Max(sample => sample.Source.Prompt.Length + sample.Limit);
            var (rows, prefill) = Room(longest, samples.Max(sample => sample.Source.Prompt.Length));
            new Batch(model, sampling, samples, rows, prefill, Window, cancellation, drawn).Run();
        }
        return [.. requests.Select((request, r) =>
            (IReadOnlyList<GenerationResult>)[.. samples.Where(sample => sample.Request == r).Select(sample => sample.ToResult())])];
    }

    public void Dispose()
    {
    }

    /// <summary>Rows and prompt positions at once for which there is room; one of each at least.</summary>
    /// <param name="longest">Tokens of the longest sample.</param>
    /// <param name="prompt">Tokens of the longest prompt.</param>
    internal (int Rows, int PrefillTokens) Room(int longest, int prompt)
    {
        if (room?.Invoke() is not { } bytes) return (maxRows, maxPrefillTokens);
        var tokens = bytes / KvCache.TokenBytes(model.Config, model.ComputeType);
        return ((int)Math.Clamp(tokens * (1 - PrefillShare) / (longest + Window), 1, maxRows),
            (int)Math.Clamp(tokens * PrefillShare, Math.Min(prompt, maxPrefillTokens), maxPrefillTokens));
    }

    // Steps between two looks at the tokens: each look waits for the device.
    private int Window => model.Device.type == DeviceType.CPU ? 1 : 8;

    // One call's rows, from the first prompt to the last token.
    private sealed class Batch
    {
        private readonly CausalLm model;
        private readonly SamplingRecipe sampling;
        private readonly CancellationToken cancellation;
        private readonly Action<int, int, int>? drawn;
        private readonly Queue<GeneratedSample> queue;
        private readonly int maxPrefillTokens;
        private readonly int window; // steps between two looks at the tokens
        private GeneratedSample?[] rows;
        private readonly KvCache cache;
        private Tensor hidden; // [rows, hidden]: what the next token is drawn from
        private readonly int[] positions; // where each row's next token goes

        public Batch(CausalLm model, SamplingRecipe sampling, GeneratedSample[] samples, int maxRows, int maxPrefillTokens, int window,
            CancellationToken cancellation, Action<int, int, int>? drawn)
        {
            (this.model, this.sampling, this.maxPrefillTokens, this.window, this.cancellation, this.drawn) =
                (model, sampling, maxPrefillTokens, window, cancellation, drawn);
            queue = new Queue<GeneratedSample>(samples);
            var capacity = samples.Max(sample => sample.Source.Prompt.Length + sample.Limit) + window;
            var count = Math.Min(maxRows, samples.Length);
            rows = new GeneratedSample?[count];
            positions = new int[count];
            cache = model.CreateCache(count, capacity);
            hidden = zeros([count, model.Config.HiddenSize], dtype: model.ComputeType, device: model.Device).DetachFromDisposeScope();
        }

        public void Run()
        {
            try
            {
                while (true)
                {
                    Fill();
                    if (!rows.Any(row => row is not null)) return;
                    Shrink();
                    RunWindow();
                }
            }
            finally
            {
                cache.Dispose();
                hidden.Dispose();
            }
        }

        // Gives free rows to queued samples.
        private void Fill()
        {
            while (queue.Count > 0 && rows.Contains(null))
            {
                cancellation.ThrowIfCancellationRequested();
                var (taken, prompts, width) = (new List<(int Row, GeneratedSample Sample)>(), new List<GeneratedSample>(), 0);
                for (var row = 0; row < rows.Length && queue.Count > 0; row++)
                {
                    if (rows[row] is not null) continue;
                    var next = queue.Peek();
                    if (prompts.Count == 0 || prompts[^1].Request != next.Request)
                    {
                        var wider = Math.Max(width, next.Source.Prompt.Length);
                        if (prompts.Count > 0 && (prompts.Count + 1) * wider > maxPrefillTokens) break;
                        width = wider;
                        prompts.Add(next);
                    }
                    taken.Add((row, queue.Dequeue()));
                    (rows[row], positions[row]) = (next, next.Source.Prompt.Length);
                }
                Prefill(taken, prompts, width);
            }
        }

        private void Prefill(List<(int Row, GeneratedSample Sample)> taken, List<GeneratedSample> prompts, int width)
        {
            using var scope = NewDisposeScope();
            var ids = new long[prompts.Count * width];
            var order = new Dictionary<int, long>();
            foreach (var (i, prompt) in prompts.Index())
            {
                order[prompt.Request] = i;
                for (var t = 0; t < prompt.Source.Prompt.Length; t++) ids[(i * width) + t] = prompt.Source.Prompt[t];
            }
            using var prefilled = model.CreateCache(prompts.Count, width);
            var states = model.Prefill(tensor(ids, [prompts.Count, width], device: model.Device), prefilled,
                On(prompts.Select(prompt => (long)prompt.Source.Prompt.Length)));
            var to = On(taken.Select(pair => (long)pair.Row));
            cache.Copy(prefilled, On(taken.Select(pair => order[pair.Sample.Request])), to);
            hidden.index_copy_(0, to,
                states.index_select(0,
                    On(taken.Select(pair => (order[pair.Sample.Request] * width) + pair.Sample.Source.Prompt.Length - 1))));
        }

        private Tensor On(IEnumerable<long> values) => tensor(values.ToArray(), device: model.Device);

        // A sequence that has outgrown the length trained has other rotary frequencies at every position (LongRoPE): it is read again.
        private void ReadAnew()
        {
            if (model.Config.Rope.LongRope is not { } longRope) return;
            for (var row = 0; row < rows.Length; row++)
            {
                if (rows[row] is not { } sample || positions[row] != longRope.OriginalMaxPositions + 1) continue;
                using var scope = NewDisposeScope();
                var ids = sample.Source.Prompt.Concat(sample.Tokens).Select(id => (long)id).ToArray();
                using var fresh = model.CreateCache(1, ids.Length);
                var states = model.Prefill(tensor(ids, [1, ids.Length], device: model.Device), fresh);
                var to = On([row]);
                cache.Copy(fresh, On([0]), to);
                hidden.index_copy_(0, to, states.narrow(0, ids.Length - 1, 1));
            }
        }

        // Steps until a sequence outgrows the length trained, at most a window.
        private int Steps()
        {
            if (model.Config.Rope.LongRope is not { } longRope) return window;
            var left = rows.Index().Where(row => row.Item is not null)
                .Select(row => longRope.OriginalMaxPositions + 1 - positions[row.Index]).Where(steps => steps > 0);
            return left.Append(window).Min();
        }

        private void Shrink()
        {
            var kept = Enumerable.Range(0, rows.Length).Where(row => rows[row] is not null).ToArray();
            if (queue.Count > 0 || kept.Length > rows.Length / 2) return;
            using var scope = NewDisposeScope();
            var chosen = tensor(kept.Select(row => (long)row).ToArray(), device: model.Device);
            cache.Keep(chosen);
            hidden = Replace(hidden, hidden.index_select(0, chosen));
            for (var i = 0; i < kept.Length; i++) positions[i] = positions[kept[i]];
            rows = [.. kept.Select(row => rows[row])];
        }

        // Draws and decodes a few tokens a row, then looks at them.
        private void RunWindow()
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var steps = Steps();
            var draws = new double[steps * rows.Length];
            for (var step = 0; step < steps; step++)
            {
                for (var row = 0; row < rows.Length; row++)
                    draws[(step * rows.Length) + row] = rows[row] is { } sample
                    ? SamplingNoise.Uniform(sample.Seed, sample.Count + step) : 0;
            }
            var noise = tensor(draws, [steps, rows.Length], device: model.Device);
            var place = tensor(positions.AsSpan(0, rows.Length).ToArray().Select(position => (long)position).ToArray(),
                device: model.Device);
            var length = positions.AsSpan(0, rows.Length).ToArray().Max();
            var taken = new List<DrawnTokens>(steps);
            for (var step = 0; step < steps; step++)
            {
                var tokens = TorchSampling.Draw(model.ProjectTokens(hidden), noise.select(0, step), sampling);
                taken.Add(tokens);
                hidden = Replace(hidden, model.Step(tokens.Ids, place, length + step + 1, cache));
                place.add_(Scalars.One, Scalars.One);
            }

            var ids = stack([.. taken.Select(step => step.Ids)]).cpu().data<long>().ToArray();
            var sampled = stack([.. taken.Select(step => step.LogProbs)]).cpu().data<float>().ToArray();
            var policy = stack([.. taken.Select(step => step.PolicyLogProbs)]).cpu().data<float>().ToArray();
            for (var row = 0; row < rows.Length; row++)
            {
                positions[row] += steps;
                for (var step = 0; step < steps && rows[row] is { } sample; step++)
                {
                    var at = (step * rows.Length) + row;
                    drawn?.Invoke(sample.Request, sample.Index, (int)ids[at]);
                    if (!sample.Add((int)ids[at], sampled[at], policy[at])) continue;
                    rows[row] = null;
                    positions[row] = 0; // decoded on without being looked at until someone takes the row
                }
            }
            ReadAnew();
        }

        private static Tensor Replace(Tensor old, Tensor next)
        {
            next.DetachFromDisposeScope();
            old.Dispose();
            return next;
        }
    }
}

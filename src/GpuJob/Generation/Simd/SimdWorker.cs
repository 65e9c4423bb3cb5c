using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics.Simd;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>Samples of one prompt that one thread takes at a time.</summary>
internal sealed record WorkUnit(int Request, int FirstSample, int Samples);

/// <summary>What the threads of one generation share.</summary>
internal sealed class GenerationWork(IReadOnlyList<GenerationRequest> requests, SamplingRecipe sampling, IReadOnlyList<int> unused,
    IReadOnlyList<WorkUnit> units, GenerationResult[][] results, Action<int, int, int>? drawn, CancellationToken cancellation)
{
    private int taken;

    public IReadOnlyList<GenerationRequest> Requests => requests;
    public SamplingRecipe Sampling => sampling;
    /// <summary>Ids of no token.</summary>
    public IReadOnlyList<int> Unused => unused;
    public GenerationResult[][] Results => results;
    public Action<int, int, int>? Drawn => drawn;
    public CancellationToken Cancellation => cancellation;

    /// <summary>The next unit that no thread has taken, or null.</summary>
    public WorkUnit? Take() => Interlocked.Increment(ref taken) - 1 is var index && index < units.Count ? units[index] : null;
}

/// <summary>One thread's part of generations.</summary>
internal interface ISimdWorker : IDisposable
{
    /// <summary>Takes units of work until none is left.</summary>
    /// <param name="work">The work.</param>
    /// <param name="rows">Samples decoded at once; there must be room for them.</param>
    void Run(GenerationWork work, int rows);
}

/// <summary>
/// Decodes one thread's rows to their ends. Finished rows make room for the next samples at once; a prompt is prefilled once, into a slot
/// of its own, and its keys and values are copied for each sample.
/// </summary>
internal sealed class SimdWorker<TVector, TLanes> : ISimdWorker
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    private readonly ModelConfig config;
    private readonly KvSlots slots;
    private readonly SimdForward<TVector, TLanes> forward;
    private readonly int promptSlot;

    /// <summary>Makes a worker.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="rows">Samples decoded at once.</param>
    /// <param name="positions">Longest sequence.</param>
    /// <param name="rotary">Rotary tables of that many positions.</param>
    public SimdWorker(ModelConfig config, SimdWeights weights, int rows, int positions, SimdRotary rotary)
    {
        this.config = config;
        promptSlot = rows;
        slots = new KvSlots(config, TLanes.Count, rows + 1, positions);
        forward = new SimdForward<TVector, TLanes>(config, weights, slots, rotary);
    }

    /// <inheritdoc/>
    public unsafe void Run(GenerationWork work, int rows)
    {
        using var sampler = new TokenSampler<TVector, TLanes>(config.VocabularySize, work.Sampling, work.Unused);
        var free = new Stack<int>(Enumerable.Range(0, rows).Reverse());
        var live = new List<Row>(rows);
        int[] tokens = new int[rows], rowSlots = new int[rows], positions = new int[rows];
        using var first = new FloatBuffer(Align.Up(config.VocabularySize, TLanes.Count)); // logits behind the current prompt
        WorkUnit? unit = null;
        var started = 0;

        while (true)
        {
            while (free.Count > 0)
            {
                if (unit is null || started == unit.Samples)
                {
                    if ((unit = work.Take()) is null) break;
                    started = 0;
                    var read = Read(work.Requests[unit.Request].Prompt, promptSlot);
                    new ReadOnlySpan<float>(read, config.VocabularySize).CopyTo(new Span<float>(first.Pointer, config.VocabularySize));
                }
                var row = new Row(work, unit.Request, unit.FirstSample + started++, config, free.Pop());
                if (row.Add(sampler.Draw(first.Pointer, row.Noise)))
                {
                    free.Push(row.Slot);
                    continue;
                }
                slots.Copy(promptSlot, row.Slot, row.Position);
                live.Add(row);
            }
            if (live.Count == 0) return;
            work.Cancellation.ThrowIfCancellationRequested();

            ReadAnew(live, free, sampler);
            for (var i = 0; i < live.Count; i++) (tokens[i], rowSlots[i], positions[i]) = (live[i].Token, live[i].Slot, live[i].Position);
            forward.Run(tokens.AsSpan(0, live.Count), rowSlots.AsSpan(0, live.Count), positions.AsSpan(0, live.Count));
            forward.Project(0, live.Count);
            var kept = 0;
            for (var i = 0; i < live.Count; i++)
            {
                var row = live[i];
                row.Position++;
                if (row.Add(sampler.Draw(forward.Logits(i), row.Noise))) free.Push(row.Slot);
                else live[kept++] = row;
            }
            live.RemoveRange(kept, live.Count - kept);
        }
    }

    // A sequence that outgrows the length trained has other rotary frequencies at every position (LongRoPE): it is read from its start.
    private unsafe void ReadAnew(List<Row> live, Stack<int> free, TokenSampler<TVector, TLanes> sampler)
    {
        if (config.Rope.LongRope is not { } longRope) return;
        for (var i = live.Count - 1; i >= 0; i--)
        {
            var row = live[i];
            if (row.Position != longRope.OriginalMaxPositions) continue;
            var logits = Read(row.Sequence, row.Slot);
            row.Position++;
            if (!row.Add(sampler.Draw(logits, row.Noise))) continue;
            free.Push(row.Slot);
            live.RemoveAt(i);
        }
    }

    // Reads a sequence into a slot; gives the logits behind it.
    private unsafe float* Read(int[] sequence, int slot)
    {
        var rowSlots = new int[SimdForward<TVector, TLanes>.MaxRows];
        Array.Fill(rowSlots, slot);
        slots.IsLong[slot] = config.Rope.LongRope?.IsLong(sequence.Length) == true;
        var last = 0;
        for (var start = 0; start < sequence.Length; start += rowSlots.Length)
        {
            var count = Math.Min(rowSlots.Length, sequence.Length - start);
            forward.Run(sequence.AsSpan(start, count), rowSlots.AsSpan(0, count), [.. Enumerable.Range(start, count)]);
            last = count - 1;
        }
        forward.Project(last, 1);
        return forward.Logits(0);
    }

    public void Dispose()
    {
        forward.Dispose();
        slots.Dispose();
    }

    // A sample with its slot.
    private sealed class Row(GenerationWork work, int request, int sample, ModelConfig config, int slot)
    {
        private readonly GeneratedSample content = new(
            work.Requests[request], request, sample, work.Requests[request].Seeds[sample],
                GenerationChecks.Limit(config, work.Requests[request].Prompt.Length, work.Sampling));

        public int Slot => slot;
        /// <summary>The last token drawn.</summary>
        public int Token => content.Last;
        /// <summary>The prompt and all tokens drawn.</summary>
        public int[] Sequence => [.. work.Requests[request].Prompt, .. content.Tokens];
        /// <summary>Where that token goes.</summary>
        public int Position { get; set; } = work.Requests[request].Prompt.Length;
        /// <summary>The noise of the next draw.</summary>
        public double Noise => SamplingNoise.Uniform(content.Seed, content.Count);

        /// <summary>Takes a token over; true when the sample has ended and its result is recorded.</summary>
        public bool Add(DrawnToken drawn)
        {
            work.Drawn?.Invoke(request, sample, drawn.Token);
            if (!content.Add(drawn.Token, drawn.LogProb, drawn.PolicyLogProb)) return false;
            work.Results[request][sample] = content.ToResult();
            return true;
        }
    }
}

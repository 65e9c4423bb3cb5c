using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Numerics.Simd;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Models.Fused;

/// <summary>
/// Scores of a batch's tokens and their gradients, outside torch. The work is cut into tiles by sizes alone, each done by one thread, and
/// sums go over rows in order: the bits do not depend on the number of threads.
/// </summary>
internal interface IFusedPass : IDisposable
{
    /// <summary>Computes log-probabilities and entropies of the scored tokens, each [tokens].</summary>
    void Forward(Tensor logProbs, Tensor entropy);

    /// <summary>Computes gradients; once, after <see cref="Forward"/>, of a pass that keeps what this needs.</summary>
    /// <param name="gradient">Of the log-probabilities, float32 [tokens].</param>
    /// <param name="gradients">Where each parameter's goes, by its place: contiguous, of its shape; overwritten.</param>
    void Backward(Tensor gradient, IReadOnlyList<Tensor> gradients);
}

/// <summary>How tokens are scored.</summary>
/// <param name="Temperature">Above 0.</param>
/// <param name="Unused">Ids of no token.</param>
internal sealed record FusedScoring(double Temperature, IReadOnlyList<int> Unused);

internal sealed unsafe partial class FusedPass<TVector, TLanes> : IFusedPass
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    private const int Tile = 64; // rows
    private const int QueryBlock = 32;
    private const int SumBlock = 256; // rows that a weight's gradient takes at once
    private const int WeightBlock = 512; // outputs whose gradients are summed up together

    private readonly FusedModel model;
    private readonly FusedRows rows;
    private readonly FusedScoring scoring;
    private readonly ThreadTeam team;
    private readonly FusedShape shape;
    private readonly bool keeps;
    private readonly float eps, scale, inverseTemperature;
    private readonly FloatBuffer memory;
    private LayerRows[] kept = [];
    private Worker[] workers = [];
    private float* cos, sin, sinBack, last, scoredHidden, scoredRms, logZ;
    private float* first, second, third, innerGradient, inner, hiddenOne, hiddenTwo, attendedGradient, qkvGradient, logitGradient,
        scoredGradient, normSums, headNormSums;
    private bool isDone;

    // What a layer's backward pass needs of its forward pass, by row.
    private struct LayerRows
    {
        public float* Input, InputRms, RawQkv, Qkv, Attended, LogSums, Middle, MiddleRms, GateUp;
    }

    // What one thread works with.
    private struct Worker
    {
        public float* Hidden, HiddenTwo, Inner, Scores, Slopes, KeysAcross, ValuesAcross, Keys, Values, Block, Out, KeyGradient,
            ValueGradient, HeadOne, HeadTwo, Logits, Panel, Sums;
    }

    public FusedPass(FusedModel model, FusedRows rows, FusedScoring scoring, RotaryEmbedding rotary, ThreadTeam team, bool keeps)
    {
        (this.model, this.rows, this.scoring, this.team, this.keeps, shape) = (model, rows, scoring, team, keeps, model.Shape);
        var config = shape.Config;
        (eps, scale, inverseTemperature) =
            ((float)config.RmsNormEps, (float)config.AttentionScale, (float)(1 / scoring.Temperature));
        var counting = new Cursor(null);
        Place(ref counting);
        memory = model.Rent(counting.Used);
        var cursor = new Cursor(memory.Pointer);
        Place(ref cursor);
        FillTurns(rotary);
    }

    private int Count => rows.Ids.Length;

    private int Scored => rows.Sources.Length;

    private int Half => shape.Config.HeadDim / 2;

    private int VocabularyStride => FusedShape.Padded(Math.Min(FusedModel.VocabularyChunk, shape.Config.VocabularySize));

    public void Dispose()
    {
        if (isDone) return;
        isDone = true;
        model.Return(memory);
    }

    // Gives every array its place; called a second time with memory once it is known how much that is.
    private void Place(ref Cursor at)
    {
        long count = Count, scored = Scored;
        int hidden = shape.HiddenStride, inner = shape.InnerStride, heads = shape.Config.Heads, layers = shape.Config.Layers;
        kept = new LayerRows[layers];
        for (var layer = 0; layer < layers; layer++)
        {
            kept[layer] = layer > 0 && !keeps ? kept[0] : new LayerRows
            {
                Input = at.Take(count * hidden), InputRms = at.Take(count), Qkv = at.Take(count * shape.QkvStride),
                RawQkv = shape.Config.QkNorm ? at.Take(count * shape.QkvStride) : null,
                Attended = at.Take(count * shape.QueryStride), LogSums = at.Take(count * heads), Middle = at.Take(count * hidden),
                MiddleRms = at.Take(count), GateUp = at.Take(keeps ? count * 2 * inner : 0),
            };
        }
        last = keeps ? at.Take(count * hidden) : kept[0].Input;
        cos = at.Take(count * Half);
        sin = at.Take(count * Half);
        sinBack = at.Take(count * Half);
        scoredHidden = at.Take(scored * hidden);
        scoredRms = at.Take(scored);
        logZ = at.Take(scored);
        if (keeps)
        {
            first = at.Take(count * hidden);
            second = at.Take(count * hidden);
            third = at.Take(count * hidden);
            innerGradient = at.Take(count * 2 * inner);
            this.inner = at.Take(count * inner);
            hiddenOne = at.Take(count * hidden);
            hiddenTwo = at.Take(count * hidden);
            attendedGradient = at.Take(count * shape.QueryStride);
            qkvGradient = at.Take(count * shape.QkvStride);
            logitGradient = at.Take(scored * VocabularyStride);
            scoredGradient = at.Take(scored * hidden);
            normSums = at.Take((long)Tiles(Math.Max(Count, Scored)) * hidden);
            headNormSums = at.Take(shape.Config.QkNorm ? (long)rows.Sequences.Length * shape.Config.KvHeads * 2 * shape.HeadStride : 0);
        }
        int longest = FusedShape.Padded(rows.Longest), head = shape.HeadStride, panel = FusedShape.Padded(1);
        workers = new Worker[team.Threads];
        for (var i = 0; i < workers.Length; i++)
        {
            workers[i] = new Worker
            {
                Hidden = at.Take(Tile * hidden), HiddenTwo = at.Take(Tile * hidden), Inner = at.Take(Tile * 2 * inner),
                Scores = at.Take((long)QueryBlock * longest), Slopes = at.Take((long)QueryBlock * longest),
                KeysAcross = at.Take((long)head * longest), ValuesAcross = at.Take((long)head * longest),
                Keys = at.Take((long)head * longest), Values = at.Take((long)head * longest), Block = at.Take(QueryBlock * head),
                Out = at.Take(QueryBlock * head), KeyGradient = at.Take((long)head * longest),
                ValueGradient = at.Take((long)head * longest), HeadOne = at.Take(head), HeadTwo = at.Take(head),
                Logits = at.Take(Tile * VocabularyStride), Panel = at.Take(SumBlock * panel), Sums = at.Take(WeightBlock * panel),
            };
        }
    }

    private void FillTurns(RotaryEmbedding rotary)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var (cosines, sines) = rotary.At(tensor(rows.Positions), tensor(rows.Lengths), rows.Longest + 1);
        var size = (long)Count * Half;
        Buffer.MemoryCopy(TensorMemory.Pointer(cosines.contiguous()), cos, size * sizeof(float), size * sizeof(float));
        Buffer.MemoryCopy(TensorMemory.Pointer(sines.contiguous()), sin, size * sizeof(float), size * sizeof(float));
        for (var i = 0L; i < size; i++) sinBack[i] = -sin[i];
    }

    private static int Tiles(int count) => (count + Tile - 1) / Tile;

    private static void Copy(float* from, float* to, long count) =>
        Buffer.MemoryCopy(from, to, count * sizeof(float), count * sizeof(float));

    private static void Zero(float* target, long count) =>
        System.Runtime.InteropServices.NativeMemory.Clear(target, (nuint)(count * sizeof(float)));

    // Cuts memory into arrays that begin at cache lines; without memory it only counts.
    private struct Cursor(float* start)
    {
        private const long Line = 16;

        public long Used { get; private set; }

        public float* Take(long count)
        {
            var place = start is null ? null : start + Used;
            Used += (count + Line - 1) / Line * Line + Line; // a vector may reach behind the end
            return place;
        }
    }
}

using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics.Simd;

namespace R1Cloud.GpuJob.Generation.Simd;

/// <summary>Feed-forward blocks: dense, and mixtures of experts (<see cref="MixtureOfExperts"/>).</summary>
internal sealed unsafe class SimdFeedForward<TVector, TLanes> : SimdBlock<TVector, TLanes>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    private readonly ModelConfig config;
    private readonly FloatBuffer gateUp, gated;
    private readonly FloatBuffer? logits, weights, gathered, answers;
    private readonly SimdRouter? router;
    private readonly int stride, gatedStride;

    public SimdFeedForward(ModelConfig config, SimdWeights weights)
    {
        (this.config, stride) = (config, weights.Stride);
        SimdDense[] all = [.. weights.Layers.SelectMany(layer => Blocks(layer))];
        gatedStride = Align.Up(all.Max(dense => dense.Intermediate), TLanes.Count);
        (gateUp, gated) = (Rows(all.Max(dense => dense.GateUp.PaddedRows)), Rows(gatedStride));
        if (config.Experts is not { } experts) return;
        router = new SimdRouter(experts);
        (logits, this.weights) = (Rows(Align.Up(experts.Routed, 2 * TLanes.Count)), Room((long)MaxRows * experts.Routed));
        (gathered, answers) = (Rows(stride), Rows(stride));

        static IEnumerable<SimdDense> Blocks(SimdLayer layer) =>
            layer.Dense is { } dense ? [dense] : layer.Experts!.Routed.Concat(layer.Experts.Shared is { } shared ? [shared] : []);
    }

    /// <summary>Puts rows through a layer's block.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="input">[rows, stride].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="output">[rows, stride].</param>
    public void Run(SimdLayer layer, float* input, int rows, float* output)
    {
        if (layer.Dense is { } dense) RunDense(dense, input, rows, output);
        else RunExperts(layer.Experts!, input, rows, output);
    }

    private void RunDense(SimdDense dense, float* input, int rows, float* output)
    {
        var width = dense.GateUp.PaddedRows;
        Multiply(dense.GateUp, input, stride, rows, gateUp.Pointer, width);
        AddBias(gateUp.Pointer, width, rows, dense.GateUpBias, width);
        for (var row = 0; row < rows; row++)
        {
            var gate = gateUp.Pointer + ((long)row * width);
            var target = gated.Pointer + ((long)row * gatedStride);
            if (config.Architecture.Activation == GateActivation.Silu)
                RowKernels<TVector, TLanes>.SwiGlu(gate, gate + dense.Intermediate, target, dense.Intermediate);
            else RowKernels<TVector, TLanes>.GeGlu(gate, gate + dense.Intermediate, target, dense.Intermediate);
        }
        Multiply(dense.Down, gated.Pointer, gatedStride, rows, output, stride);
        AddBias(output, stride, rows, dense.DownBias, config.HiddenSize);
    }

    // Each expert is one product over the rows that chose it; a row sums its experts in their order, whatever other rows chose.
    private void RunExperts(SimdExperts experts, float* input, int rows, float* output)
    {
        var count = experts.Routed.Count;
        Multiply(experts.Router, input, stride, rows, logits!.Pointer, experts.Router.PaddedRows);
        for (var row = 0; row < rows; row++)
            router!.Choose(new(logits.Pointer + ((long)row * experts.Router.PaddedRows), count), experts.Correction,
                new(weights!.Pointer + ((long)row * count), count));

        if (experts.Shared is { } shared) RunDense(shared, input, rows, output);
        else new Span<float>(output, rows * stride).Clear();
        Span<int> chosen = stackalloc int[MaxRows];
        for (var expert = 0; expert < count; expert++)
        {
            var taken = 0;
            for (var row = 0; row < rows; row++)
            {
                if (weights!.Pointer[((long)row * count) + expert] == 0) continue;
                new ReadOnlySpan<float>(input + ((long)row * stride), stride)
                    .CopyTo(new(gathered!.Pointer + ((long)taken * stride), stride));
                chosen[taken++] = row;
            }
            if (taken == 0) continue;
            RunDense(experts.Routed[expert], gathered!.Pointer, taken, answers!.Pointer);
            for (var i = 0; i < taken; i++)
                RowKernels<TVector, TLanes>.AddScaled(output + ((long)chosen[i] * stride), answers.Pointer + ((long)i * stride),
                    weights!.Pointer[((long)chosen[i] * count) + expert], config.HiddenSize);
        }
    }
}

using System.Runtime.Intrinsics;
using R1Cloud.GpuJob.Numerics.Simd;

namespace R1Cloud.GpuJob.Models.Fused;

/// <summary>Passes in the instruction sets that their kernels come in.</summary>
internal static class FusedPasses
{
    private delegate IFusedPass Maker(FusedModel model, FusedRows rows, FusedScoring scoring, RotaryEmbedding rotary, ThreadTeam team,
        bool keeps);

    private static readonly Dictionary<SimdKernel, (int Panel, Maker Make)> Kinds = new()
    {
        [SimdKernel.Avx512] = Kind<Vector512<float>, Avx512Lanes>(),
        [SimdKernel.Avx2] = Kind<Vector256<float>, Avx2Lanes>(),
        [SimdKernel.Portable] = Kind<Vector128<float>, PortableLanes>(),
    };

    /// <summary>A model's weights for passes in an instruction set.</summary>
    public static FusedModel Prepare(CausalLm model, SimdKernel kernel) => new(model, Kinds[kernel].Panel);

    /// <summary>Begins a pass.</summary>
    /// <param name="kernel">The instruction set that the model was prepared for.</param>
    /// <param name="model">The model.</param>
    /// <param name="rows">The tokens.</param>
    /// <param name="scoring">How they are scored.</param>
    /// <param name="rotary">The model's rotary tables.</param>
    /// <param name="team">The threads.</param>
    /// <param name="keeps">Whether a backward pass follows.</param>
    public static IFusedPass Begin(SimdKernel kernel, FusedModel model, FusedRows rows, FusedScoring scoring, RotaryEmbedding rotary,
        ThreadTeam team, bool keeps) => Kinds[kernel].Make(model, rows, scoring, rotary, team, keeps);

    private static (int Panel, Maker Make) Kind<TVector, TLanes>()
        where TVector : struct
        where TLanes : struct, ILanes<TVector> =>
        (ProductKernels<TVector, TLanes>.Panel,
            (model, rows, scoring, rotary, team, keeps) => new FusedPass<TVector, TLanes>(model, rows, scoring, rotary, team, keeps));
}

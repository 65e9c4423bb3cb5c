using R1Cloud.GpuJob.Numerics;
using R1Cloud.Shared.Storage;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Weights;

/// <summary>Makes tensors of what safetensors files hold.</summary>
internal static class TensorReading
{
    extension(SafetensorsReader reader)
    {
        /// <summary>A tensor's content in its stored type, on the CPU, in the caller's scope.</summary>
        /// <exception cref="WeightsFormatException">There is none of that name.</exception>
        public Tensor Read(string name)
        {
            var stored = reader.Find(name);
            var tensor = empty(stored.Shape, dtype: stored.Type, device: CPU);
            Copy(reader, stored, 0, tensor);
            return tensor;
        }

        /// <summary>
        /// Copies a tensor's content into one of as many elements, converting: straight from the map, or piece by piece, so that no second
        /// copy is ever whole.
        /// </summary>
        /// <exception cref="WeightsFormatException">There is none of that name.</exception>
        public void CopyTo(string name, Tensor target)
        {
            const long Piece = 1 << 22;
            var stored = reader.Find(name);
            if (stored.Type == target.dtype && target.device_type == DeviceType.CPU && target.is_contiguous())
            {
                Copy(reader, stored, 0, target);
                return;
            }
            using var scope = NewDisposeScope();
            var flat = target.view(-1);
            for (var at = 0L; at < flat.numel(); at += Piece)
            {
                using var inner = NewDisposeScope();
                var part = flat.narrow(0, at, Math.Min(Piece, flat.numel() - at));
                var piece = empty([part.numel()], dtype: stored.Type, device: CPU);
                Copy(reader, stored, at * piece.ElementSize, piece);
                part.copy_(piece);
            }
        }
    }

    extension(SafetensorsModel model)
    {
        /// <summary>A tensor's content in its stored type, on the CPU, in the caller's scope.</summary>
        public Tensor Read(string name) => model.FileOf(name).Read(name);

        /// <summary>Copies a tensor's content into one of as many elements, converting.</summary>
        public void CopyTo(string name, Tensor target) => model.FileOf(name).CopyTo(name, target);
    }

    private static unsafe void Copy(SafetensorsReader reader, StoredTensor stored, long from, Tensor target) =>
        reader.CopyBytes(stored, from, TensorMemory.Pointer(target), target.numel() * target.ElementSize);
}

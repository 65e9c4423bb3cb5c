using System.Collections.Concurrent;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Numerics;

/// <summary>
/// Numbers for torch's operators. TorchSharp hands a number over as a native object which its managed owner frees when collected, and no
/// operator keeps that owner alive while it runs: of a number that is converted at the call, nothing may be left when the kernel reads it.
/// Hence constants and settings are made once and stay for the life of the process: they are few. Numbers that data or the step decide
/// would be too many for that, so they live exactly as long as the call they are made for. BannedSymbols.txt forbids all other ways.
/// </summary>
internal static class Scalars
{
    private static readonly ConcurrentDictionary<long, Scalar> Integers = new();
    private static readonly ConcurrentDictionary<long, Scalar> Doubles = new(); // by their bits: 0 and −0 differ

    /// <summary>The integer 0.</summary>
    public static Scalar Zero { get; } = Of(0);

    /// <summary>The integer 1; as the factor of a sum's second term, plain addition: a.add(b, One).</summary>
    public static Scalar One { get; } = Of(1);

    /// <summary>−∞.</summary>
    public static Scalar NegativeInfinity { get; } = Of(double.NegativeInfinity);

    /// <summary>False.</summary>
    public static Scalar False { get; } = New(false);

    /// <summary>A constant or a setting.</summary>
    public static Scalar Of(double value) =>
        Doubles.GetOrAdd(BitConverter.DoubleToInt64Bits(value), static (_, number) => New(number), value);

    /// <summary>A constant or a setting, an integer.</summary>
    public static Scalar Of(long value) => Integers.GetOrAdd(value, static number => New(number));

    /// <summary>What an operation makes of any number.</summary>
    public static Tensor Use(double value, Func<Scalar, Tensor> operation) => Use(New(value), operation);

    /// <summary>What an operation makes of any integer.</summary>
    public static Tensor Use(long value, Func<Scalar, Tensor> operation) => Use(New(value), operation);

    /// <summary>0, 1 … <paramref name="count"/> − 1, int64.</summary>
    public static Tensor Range(long count, Device device) => Use(count, end => arange(Zero, end, One, ScalarType.Int64, device));

#pragma warning disable RS0030 // the one place where numbers are made
    /// <summary>A number that the caller keeps alive.</summary>
    internal static Scalar New(double value) => value;

    private static Scalar New(long value) => value;

    private static Scalar New(bool value) => value;
#pragma warning restore RS0030

    private static Tensor Use(Scalar value, Func<Scalar, Tensor> operation)
    {
        using (value) return operation(value);
    }
}

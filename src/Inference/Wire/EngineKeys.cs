namespace R1Cloud.Inference.Wire;

/// <summary>The keys that a server asks for.</summary>
/// <param name="Key">For all calls; null for none.</param>
/// <param name="ControlKey">For those that change the server, where it asks for another there; else null.</param>
public sealed record EngineKeys(string? Key, string? ControlKey = null);

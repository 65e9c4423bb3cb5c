namespace R1Cloud.LocalHost.Push;

/// <summary>What was pushed.</summary>
/// <param name="Source">The file or folder on this machine.</param>
/// <param name="Path">Where it is in the run's storage, as recipes name it: <c>blob:data/…</c>.</param>
/// <param name="Files">Its files.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Uploaded">The files of them that were not there yet.</param>
internal sealed record Pushed(string Source, string Path, int Files, long Bytes, int Uploaded);

/// <summary>How far a push is.</summary>
/// <param name="Doing">What is being done to what, e.g. <c>uploading train.jsonl</c>.</param>
/// <param name="Done">Bytes read so far; each is read twice, to be hashed and to be sent.</param>
/// <param name="Total">Bytes to read.</param>
internal readonly record struct PushProgress(string Doing, long Done, long Total);

/// <summary>A file to push.</summary>
/// <param name="Path">On this machine.</param>
/// <param name="Name">Below what is pushed, with forward slashes.</param>
/// <param name="Length">Its bytes.</param>
internal sealed record PushFile(string Path, string Name, long Length);

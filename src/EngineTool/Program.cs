using R1Cloud.EngineTool;
using R1Cloud.Shared.Processes;

return await EngineCommandLine.RunAsync(args, StandardStreams.Output, StandardStreams.Error);

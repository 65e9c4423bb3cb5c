using R1Cloud.GpuJob.Commands;

return await TrainerCommandLine.RunAsync(args, CommandStreams.Default);

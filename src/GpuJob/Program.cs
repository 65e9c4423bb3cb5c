using R1Cloud.GpuJob.Commands;

return await CommandLine.RunAsync(args, CommandContext.Default);

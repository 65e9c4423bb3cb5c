using R1Cloud.LocalHost.Commands;

return await CommandLine.RunAsync(args, CommandContext.Default);

using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;
using R1Cloud.Orchestrator.Hosting;

await OrchestratorApp.Configure(FunctionsApplication.CreateBuilder(args)).Build().RunAsync();

using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;
using R1Cloud.Orchestrator.Hosting;

OrchestratorApp.Configure(FunctionsApplication.CreateBuilder(args)).Build().Run();

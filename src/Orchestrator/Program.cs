using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.Hosting;
using R1Cloud.Orchestrator.Durable;
using R1Cloud.Orchestrator.Hosting;
using R1Cloud.Pipeline;
using R1Cloud.Pipeline.Orchestration;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.ConfigureDurableWorker().AddTasks(tasks =>
    tasks.AddAll(new OrchestrationRegistry().AddPipeline(OrchestratorServices.Options(builder.Configuration))));
builder.Services.AddOrchestrator(builder.Configuration);
builder.Build().Run();

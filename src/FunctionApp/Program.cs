using AtomicDevOps.FunctionApp;
using AtomicDevOps.FunctionApp.Agents;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.UseMiddleware<AgentMiddleware>();
builder.Logging.AddFilter("System.Net.Http.HttpClient", LogLevel.Warning);
builder.Services.AddAtomicDevOps(builder.Configuration);
builder.Build().Run();

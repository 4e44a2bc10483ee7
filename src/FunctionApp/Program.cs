using AtomicDevOps.FunctionApp;
using AtomicDevOps.FunctionApp.Agents;
using AtomicDevOps.FunctionApp.Telemetry;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

try
{
    var builder = FunctionsApplication.CreateBuilder(args);
    builder.ConfigureFunctionsWebApplication();
    builder.UseMiddleware<InstanceScopeMiddleware>();
    builder.UseMiddleware<AgentMiddleware>();
    builder.Logging.AddFilter("System.Net.Http.HttpClient", LogLevel.Warning);
    builder.Services.AddAtomicDevOps(builder.Configuration);
    builder.Build().Run();
    return Environment.ExitCode;
}
catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or InvalidOperationException or OptionsValidationException)
{
    await Console.Error.WriteLineAsync($"The host cannot run: {problem.Message}");
    return 1;
}

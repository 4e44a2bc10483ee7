using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>A host whose run is one command: it ends with the command, whose result is the process's exit code.</summary>
internal static class CommandHost
{
    public static IHost Create(string[] command, IConfiguration configuration, string contentRoot)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = contentRoot });
        builder.Services.AddHostedService(services => new CommandRun(
            token => InstancesCommand.RunAsync(command, configuration, contentRoot, CommandOutput.OfProcess(), TimeProvider.System, token),
            services.GetRequiredService<IHostApplicationLifetime>()));
        return builder.Build();
    }

    private sealed class CommandRun(Func<CancellationToken, Task<int>> command, IHostApplicationLifetime lifetime) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            Environment.ExitCode = ExitCode.Failure;
            try
            {
                Environment.ExitCode = await command(stoppingToken);
            }
            finally
            {
                lifetime.StopApplication();
            }
        }
    }
}

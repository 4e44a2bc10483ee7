using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AtomicDevOps.Crash.Tests.Worker;

/// <summary>The whole embedded host with <see cref="LongWork"/>. It lives until a signal ends it.</summary>
internal static class HostProgram
{
    public const string Command = "host";

    /// <param name="settings">As on the command line of an app: <c>--Host:DrainTimeout 00:00:01</c>.</param>
    public static int Run(string[] settings)
    {
        var builder = FunctionsApplication.CreateBuilder(settings);
        builder.ConfigureFunctionsWebApplication();
        builder.Services.AddSingleton<LongWork.Site>();
        builder.Build().Run();
        return Environment.ExitCode;
    }
}

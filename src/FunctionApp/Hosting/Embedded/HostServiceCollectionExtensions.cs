namespace AtomicDevOps.FunctionApp.Hosting;

internal static class HostServiceCollectionExtensions
{
    /// <summary>The embedded host brings what it needs, and checks its own settings.</summary>
    public static IServiceCollection AddHost(this IServiceCollection services, IConfiguration configuration) => services;
}

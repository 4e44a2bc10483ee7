using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.EmbeddedHost.Triggers;

internal static class FunctionPayloads
{
    /// <summary>
    /// Payloads of functions are written and read by the options that the app configures, as in the worker of Azure Functions: by default names
    /// are read in any case, and fields are left out.
    /// </summary>
    public static IServiceCollection AddFunctionPayloads(this IServiceCollection services)
    {
        services.Configure<JsonSerializerOptions>(static options => options.PropertyNameCaseInsensitive = true);
        services.AddSingleton<DataConverter>(static provider =>
            new JsonDataConverter(provider.GetRequiredService<IOptions<JsonSerializerOptions>>().Value));
        return services;
    }
}

using AtomicDevOps.Activities.Tools.AzureClients;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Blobs;

internal static class BlobsServiceCollectionExtensions
{
    /// <summary>The options of a store, checked at start, and what it takes to open its container.</summary>
    public static OptionsBuilder<TOptions> AddStore<TOptions>(this IServiceCollection services, IConfiguration configuration, string section)
        where TOptions : StoreOptions
    {
        services.AddAzureClients(configuration);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TOptions>, StoreOptionsValidator<TOptions>>(
            _ => new StoreOptionsValidator<TOptions>(section)));
        return services.AddOptions<TOptions>().Bind(configuration.GetSection(section)).ValidateOnStart();
    }

    /// <returns>The container that the options name; <see langword="null"/> where they name none.</returns>
    public static BlobContainer? OpenContainer<TOptions>(this IServiceProvider provider, string tool, string section)
        where TOptions : StoreOptions =>
        provider.GetRequiredService<IOptions<TOptions>>().Value.Container is { } address
            ? ActivatorUtilities.CreateInstance<BlobContainer>(provider, new BlobContainerName(tool, $"{section}:Container", BlobContainerAddress.Parse(address)))
            : null;
}

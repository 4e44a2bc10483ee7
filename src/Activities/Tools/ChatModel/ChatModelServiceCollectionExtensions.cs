using AtomicDevOps.Activities.Tools.Http;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.ChatModel;

public static class ChatModelServiceCollectionExtensions
{
    /// <summary>
    /// Adds the configured chat model as <see cref="IChatModelClient"/> and <see cref="IChatClient"/>, and its probe, set up by the configuration
    /// section <c>ChatModel</c> (<see cref="ChatModelOptions"/>), which is checked at start.
    /// </summary>
    public static IServiceCollection AddChatModel(this IServiceCollection services, IConfiguration configuration)
    {
        var section = configuration.GetSection(ChatModelOptions.Section);
        services.AddOptions<ChatModelOptions>()
            .Bind(section)
            .PostConfigure(options =>
            {
                if (options.Provider == ChatModelProvider.OpenAI && section[nameof(ChatModelOptions.Temperature)] is null)
                {
                    options.Temperature = 0;
                }
            })
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ChatModelOptions>, ChatModelOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddSecretRedactor(configuration);
        services.AddServiceClient(
            ChatModelTransport.ClientName,
            provider => provider.GetRequiredService<IOptions<ChatModelOptions>>().Value.Timeout,
            ChatModelTransport.MaxAnswerBytes);
        services.TryAddSingleton<ChatModelTransport>();
        services.TryAddSingleton<IChatModelClient, ChatModelClient>();
        services.TryAddSingleton<IChatClient>(provider => provider.GetRequiredService<IChatModelClient>());
        services.AddSingleton<IAgentProbe>(provider => ActivatorUtilities.CreateInstance<ChatModelProbe>(provider, ChatModelTransport.Tool));
        return services;
    }
}

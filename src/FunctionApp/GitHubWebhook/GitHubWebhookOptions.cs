namespace AtomicDevOps.FunctionApp.GitHubWebhook;

/// <summary>Configuration section <c>GitHub:Webhook</c>.</summary>
public sealed class GitHubWebhookOptions
{
    public const string Section = "GitHub:Webhook";

    /// <summary>What GitHub signs deliveries with. Without it every delivery is refused.</summary>
    public string? Secret { get; set; }

    /// <summary>The secret before, accepted while a new one is rolled out.</summary>
    public string? PreviousSecret { get; set; }
}

internal static class GitHubWebhookServiceCollectionExtensions
{
    private const int ShortestSecret = 16;

    public static IServiceCollection AddGitHubWebhook(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<GitHubWebhookOptions>()
            .Bind(configuration.GetSection(GitHubWebhookOptions.Section))
            .Validate(
                options => options.Secret is null or { Length: >= ShortestSecret },
                $"GitHub:Webhook:Secret is shorter than {ShortestSecret} characters. Make one with «openssl rand -hex 32».")
            .Validate(
                options => options.PreviousSecret is null or { Length: >= ShortestSecret },
                $"GitHub:Webhook:PreviousSecret is shorter than {ShortestSecret} characters. Leave it out where there was no secret before.")
            .ValidateOnStart();
        return services;
    }
}

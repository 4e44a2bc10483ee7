using System.Text.RegularExpressions;

namespace AtomicDevOps.FunctionApp.Hosting;

/// <summary>
/// What the Functions host of Azure needs to run this app: where its own state is, and where the storage provider that host.json
/// names keeps orchestrations. The host tells of a wrong one only when it first uses it. Sources:
/// https://learn.microsoft.com/azure/azure-functions/functions-reference#connections and
/// https://learn.microsoft.com/azure/durable-task/common/durable-task-storage-providers.
/// </summary>
internal static partial class FunctionsHostSettings
{
    public const string StorageKey = "AzureWebJobsStorage";
    public const string StorageAccountKey = $"{StorageKey}:{AccountPart}";
    public const string StorageBlobKey = $"{StorageKey}:{BlobPart}";
    public const string StorageQueueKey = $"{StorageKey}:{QueuePart}";
    public const string StorageTableKey = $"{StorageKey}:{TablePart}";
    public const string StorageCredentialKey = $"{StorageKey}:{CredentialPart}";
    public const string StorageClientIdKey = $"{StorageKey}:{ClientIdPart}";
    public const string SchedulerKey = "DURABLE_TASK_SCHEDULER_CONNECTION_STRING";
    public const string ProviderTypeKey = $"{Overrides}:{Provider}:{TypePart}";
    public const string ProviderConnectionKey = $"{Overrides}:{Provider}:{ConnectionPart}";

    private const string Overrides = "AzureFunctionsJobHost";
    private const string Provider = "extensions:durableTask:storageProvider";
    private const string TypePart = "type";
    private const string ConnectionPart = "connectionStringName";
    private const string AccountPart = "accountName";
    private const string BlobPart = "blobServiceUri";
    private const string QueuePart = "queueServiceUri";
    private const string TablePart = "tableServiceUri";
    private const string CredentialPart = "credential";
    private const string ClientIdPart = "clientId";

    private static readonly string[] Authentications =
    [
        "ManagedIdentity", "DefaultAzure", "WorkloadIdentity", "Environment", "AzureCli", "AzurePowerShell", "VisualStudio", "VisualStudioCode", "InteractiveBrowser", "None",
    ];

    private static readonly string[] Services = [BlobPart, QueuePart, TablePart];

    /// <param name="hostJson">What host.json says, from its root.</param>
    /// <param name="configuration">The app settings.</param>
    /// <exception cref="InvalidOperationException">A setting is missing or malformed; the message names all of them, and what would be right.</exception>
    public static void Require(IConfiguration hostJson, IConfiguration configuration)
    {
        var problems = new List<string>();
        RequireStorage(StorageKey, "the Functions host", configuration, problems);
        RequireProvider(name => configuration[$"{Overrides}:{Provider}:{name}"] ?? hostJson[$"{Provider}:{name}"], configuration, problems);
        if (problems.Count > 0)
        {
            throw new InvalidOperationException(string.Join(Environment.NewLine, problems.Distinct(StringComparer.Ordinal)));
        }
    }

    private static void RequireProvider(Func<string, string?> provider, IConfiguration configuration, List<string> problems)
    {
        switch (provider(TypePart)?.ToUpperInvariant())
        {
            case "AZUREMANAGED":
                RequireScheduler(provider(ConnectionPart) ?? SchedulerKey, configuration, problems);
                break;
            case null or "AZURESTORAGE":
                RequireStorage(provider("connectionName") ?? provider(ConnectionPart) ?? StorageKey, "the storage provider AzureStorage", configuration, problems);
                break;
            case "MSSQL":
                RequireNamed(ConnectionPart, "mssql", "Server=…;Database=…;…", provider, configuration, problems);
                break;
            case "NETHERITE":
                RequireNamed("StorageConnectionName", "Netherite", "DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…", provider, configuration, problems);
                RequireNamed("EventHubsConnectionName", "Netherite", "Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…", provider, configuration, problems);
                break;
            default:
                problems.Add($"{Provider}:type is '{provider(TypePart)}'; it must be azureManaged, AzureStorage, mssql or Netherite, in host.json or in {Shown(ProviderTypeKey)}.");
                break;
        }
    }

    private static void RequireScheduler(string key, IConfiguration configuration, List<string> problems)
    {
        const string Right = "Endpoint=https://NAME.REGION.durabletask.io;Authentication=ManagedIdentity;ClientID=…";
        if (configuration[key] is not { Length: > 0 } value)
        {
            problems.Add($"{Shown(key)} is missing: the storage provider azureManaged of host.json takes its connection from it. It must be such as {Right}.");
            return;
        }

        var parts = Parts(value);
        if (!Uri.TryCreate(parts.GetValueOrDefault("Endpoint"), UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            problems.Add($"{Shown(key)} has no Endpoint with an http or https address; it must be such as {Right}.");
        }

        if (!Authentications.Contains(parts.GetValueOrDefault("Authentication"), StringComparer.OrdinalIgnoreCase))
        {
            problems.Add($"{Shown(key)} has no Authentication that the scheduler knows; it must be {string.Join(", ", Authentications[..^1])} or {Authentications[^1]}.");
        }

        if (parts.TryGetValue("ClientID", out var client) && !Guid.TryParse(client, out _))
        {
            problems.Add($"{Shown(key)} has the ClientID '{client}'; it must be the client id of a managed identity, such as 00000000-0000-0000-0000-000000000000.");
        }
    }

    private static void RequireNamed(
        string name, string type, string right, Func<string, string?> provider, IConfiguration configuration, List<string> problems)
    {
        if (provider(name) is not { Length: > 0 } key)
        {
            problems.Add($"{Provider}:{name} is missing in host.json: the storage provider {type} needs the name of the setting with its connection.");
        }
        else if (string.IsNullOrWhiteSpace(configuration[key]) && !configuration.GetSection(key).GetChildren().Any())
        {
            problems.Add($"{Shown(key)} is missing: the storage provider {type} of host.json takes its connection from it. It must be such as {right}.");
        }
    }

    /// <summary>A storage account: by a connection string, or by an identity and the account's name or addresses.</summary>
    private static void RequireStorage(string key, string user, IConfiguration configuration, List<string> problems)
    {
        var section = configuration.GetSection(key);
        if (section.Value is { Length: > 0 } value)
        {
            RequireConnectionString(key, value, problems);
            return;
        }

        var addresses = Services.Where(name => section[name] is { Length: > 0 }).ToArray();
        if (section[AccountPart] is { Length: > 0 } account)
        {
            if (!AccountName.IsMatch(account))
            {
                problems.Add($"{Shown(key)}__accountName is '{account}'; it must be the name of a storage account: 3 to 24 small letters and digits.");
            }
        }
        else if (addresses.Length == 0)
        {
            problems.Add(
                $"{Shown(key)} is missing: {user} keeps its state there. It must be a storage account's connection string, "
                + $"UseDevelopmentStorage=true for Azurite, or {Shown(key)}__accountName with the name of an account that the app's identity may use.");
        }

        foreach (var name in addresses.Where(name => !Uri.TryCreate(section[name], UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")))
        {
            problems.Add($"{Shown(key)}__{name} is '{section[name]}'; it must be an address, such as https://NAME.{name[..^"ServiceUri".Length]}.core.windows.net.");
        }

        if (section[CredentialPart] is { Length: > 0 } credential && !string.Equals(credential, "managedidentity", StringComparison.OrdinalIgnoreCase))
        {
            problems.Add($"{Shown(key)}__credential is '{credential}'; it must be managedidentity, or be left out.");
        }

        if (section[ClientIdPart] is { Length: > 0 } client && !Guid.TryParse(client, out _))
        {
            problems.Add($"{Shown(key)}__clientId is '{client}'; it must be the client id of a managed identity, such as 00000000-0000-0000-0000-000000000000.");
        }
    }

    private static void RequireConnectionString(string key, string value, List<string> problems)
    {
        var parts = Parts(value);
        var isEmulator = string.Equals(parts.GetValueOrDefault("UseDevelopmentStorage"), "true", StringComparison.OrdinalIgnoreCase);
        var isAccount = parts.ContainsKey("AccountName") && parts.ContainsKey("AccountKey");
        var isSigned = parts.ContainsKey("SharedAccessSignature") && parts.ContainsKey("BlobEndpoint");
        if (!isEmulator && !isAccount && !isSigned)
        {
            problems.Add(
                $"{Shown(key)} is not a storage account's connection string; it must be such as "
                + "DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net, or UseDevelopmentStorage=true for Azurite.");
        }
    }

    private static Dictionary<string, string> Parts(string connection)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in connection.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var end = part.IndexOf('=', StringComparison.Ordinal);
            if (end > 0 && end < part.Length - 1)
            {
                parts[part[..end].Trim()] = part[(end + 1)..].Trim();
            }
        }

        return parts;
    }

    private static string Shown(string key) => key.Replace(":", "__", StringComparison.Ordinal);

    [GeneratedRegex("^[a-z0-9]{3,24}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex AccountName { get; }
}

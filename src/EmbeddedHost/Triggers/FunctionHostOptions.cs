using System.Globalization;
using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.Extensions.Configuration;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>What the host reads from configuration.</summary>
internal sealed record FunctionHostOptions
{
    /// <summary>The port of the Functions Core Tools.</summary>
    public const int DefaultPort = 7071;

    /// <summary>100 MB, the limit of the Functions host.</summary>
    public const long DefaultRequestBodyLimit = 104_857_600;

    private static readonly TimeSpan DefaultDrainTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestDrainTimeout = TimeSpan.FromDays(1);
    private static readonly TimeSpan TimeForTheRest = TimeSpan.FromSeconds(5);

    /// <summary>Absolute; keys, timers and the engine's database live here. <c>Host:DataDirectory</c>, default <c>.data</c>, relative to
    /// the content root.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Before every function's route, without slashes at its ends; may be empty. host.json, default <c>api</c>.</summary>
    public required string RoutePrefix { get; init; }

    /// <summary>The durable task hub. host.json, default <c>TestHubName</c> as in the Functions host when it runs locally.</summary>
    public required string TaskHub { get; init; }

    /// <summary><c>Host:Port</c>, <c>--port</c> or local.settings.json; ignored where <c>urls</c> is given.</summary>
    public required int Port { get; init; }

    /// <summary>Bytes. <c>FUNCTIONS_REQUEST_BODY_SIZE_LIMIT</c>.</summary>
    public required long RequestBodyLimit { get; init; }

    /// <summary>Whether callers on this machine need no key. <c>Host:AllowAnonymousLoopback</c>, default false.</summary>
    public required bool AllowAnonymousLoopback { get; init; }

    /// <summary>The assembly whose functions, with those of the projects it references, are served. <c>Host:EntryAssembly</c>, default
    /// the process's entry assembly.</summary>
    public string? EntryAssembly { get; init; }

    /// <summary>host.json, <c>extensions.durableTask</c>.</summary>
    public required DurableTaskSettings DurableTask { get; init; }

    /// <summary><c>Host:Retention:Completed</c>, <c>…:Failed</c> and <c>…:Terminated</c>: how long finished instances are kept, none for good.</summary>
    public RetentionOptions Retention { get; init; } = new();

    /// <summary><c>Host:DrainTimeout</c>, default 30 s: what activities may take to end when the host stops.</summary>
    public TimeSpan DrainTimeout { get; init; } = DefaultDrainTimeout;

    /// <summary>After what time a stop is over, whatever still runs: activities, requests and the rest, one after another.</summary>
    public TimeSpan ShutdownTimeout => DrainTimeout + DurableTaskEngine.CancellationGrace + ShutdownGrace.Period + TimeForTheRest;

    /// <summary>The address that management links start with, when it is not the one listened on. <c>WEBSITE_HOSTNAME</c>.</summary>
    public Uri? PublicAddress { get; init; }

    /// <exception cref="FunctionSetupException">A value cannot be used; every problem is listed.</exception>
    public static FunctionHostOptions Read(IConfiguration configuration, string contentRoot)
    {
        var problems = new List<string>();
        var options = new FunctionHostOptions
        {
            DataDirectory = Path.GetFullPath(Text("Host:DataDirectory") ?? ".data", contentRoot),
            RoutePrefix = (configuration[$"{HostConfiguration.HostJsonSection}:extensions:http:routePrefix"] ?? "api").Trim('/'),
            TaskHub = Text($"{HostConfiguration.HostJsonSection}:extensions:durableTask:hubName") ?? "TestHubName",
            Port = Number("Host:Port", DefaultPort, 0, 65_535),
            RequestBodyLimit = Number("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", DefaultRequestBodyLimit, 1, long.MaxValue),
            AllowAnonymousLoopback = Flag("Host:AllowAnonymousLoopback"),
            EntryAssembly = Text("Host:EntryAssembly"),
            DurableTask = DurableTaskSettings.Read(configuration, problems),
            Retention = new RetentionOptions
            {
                Completed = Age("Host:Retention:Completed"),
                Failed = Age("Host:Retention:Failed"),
                Terminated = Age("Host:Retention:Terminated"),
            },
            DrainTimeout = Drain("Host:DrainTimeout"),
            PublicAddress = PublicAddressOf(Text("WEBSITE_HOSTNAME"), problems),
        };
        return problems.Count == 0 ? options : throw FunctionSetupException.From(problems);

        string? Text(string key) => configuration[key] is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

        T Number<T>(string key, T fallback, T minimum, T maximum)
            where T : System.Numerics.IBinaryInteger<T>
        {
            if (Text(key) is not { } text)
            {
                return fallback;
            }

            if (T.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum)
            {
                return number;
            }

            problems.Add($"Configuration '{key}' is '{text}'. Use a whole number from {minimum} to {maximum}.");
            return fallback;
        }

        TimeSpan? Age(string key)
        {
            if (Text(key) is not { } text)
            {
                return null;
            }

            if (TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var age) && age >= TimeSpan.Zero)
            {
                return age;
            }

            problems.Add($"Configuration '{key}' is '{text}'. Use a time such as 30.00:00:00 (30 days), or leave it out to keep instances for good.");
            return null;
        }

        TimeSpan Drain(string key)
        {
            if (Text(key) is not { } text)
            {
                return DefaultDrainTimeout;
            }

            if (TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var time) && time >= TimeSpan.Zero && time <= LongestDrainTimeout)
            {
                return time;
            }

            problems.Add($"Configuration '{key}' is '{text}'. Use a time from 00:00:00 to 1.00:00:00, such as 00:00:30 (30 seconds).");
            return DefaultDrainTimeout;
        }

        bool Flag(string key)
        {
            if (Text(key) is not { } text)
            {
                return false;
            }

            if (bool.TryParse(text, out var flag))
            {
                return flag;
            }

            problems.Add($"Configuration '{key}' is '{text}'. Use true or false.");
            return false;
        }
    }

    /// <summary>Whether <c>AzureWebJobs.NAME.Disabled</c> (as an environment variable <c>AzureWebJobs__NAME__Disabled</c>) switches a
    /// function off.</summary>
    public static bool IsDisabled(IConfiguration configuration, string functionName) =>
        (configuration[$"AzureWebJobs.{functionName}.Disabled"] ?? configuration[$"AzureWebJobs:{functionName}:Disabled"]) is "1" or "true" or "True";

    private static Uri? PublicAddressOf(string? hostName, List<string> problems)
    {
        if (hostName is null)
        {
            return null;
        }

        if (Uri.TryCreate("https://" + hostName, UriKind.Absolute, out var address)
            && string.Equals(address.PathAndQuery, "/", StringComparison.Ordinal)
            && address.UserInfo.Length == 0)
        {
            return address.IsLoopback ? new UriBuilder(address) { Scheme = Uri.UriSchemeHttp, Port = address.IsDefaultPort ? 80 : address.Port }.Uri : address;
        }

        problems.Add($"Configuration 'WEBSITE_HOSTNAME' is '{hostName}'. Use a host name, with ':port' if needed, and no scheme or path.");
        return null;
    }
}

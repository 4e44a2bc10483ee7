using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>What host.json says under <c>extensions.durableTask</c>. Settings that mean nothing to this host are allowed, and named once in the log.</summary>
internal sealed partial class DurableTaskSettings
{
    private const int DefaultSessionIdleSeconds = 30;

    /// <summary>Where a host in Azure stores, and how it traces. One host.json serves both, so these are no mistake here.</summary>
    private static readonly string[] OtherHosts = ["storageProvider", "tracing"];

    private readonly List<Action<EmbeddedDurableTaskOptions>> _changes = [];

    private DurableTaskSettings(IReadOnlyList<string> ignored) => Ignored = ignored;

    /// <summary>The settings that have no effect here, with points between the parts of a name.</summary>
    public IReadOnlyList<string> Ignored { get; }

    /// <param name="problems">Gets what cannot be used, with the key and the values that can.</param>
    public static DurableTaskSettings Read(IConfiguration configuration, List<string> problems)
    {
        var section = configuration.GetSection($"{HostConfiguration.HostJsonSection}:extensions:durableTask");
        var known = new HashSet<string>(OtherHosts, StringComparer.OrdinalIgnoreCase) { "hubName" };
        var changes = new List<Action<EmbeddedDurableTaskOptions>>();
        Number("maxConcurrentActivityFunctions", 1, 100_000, static (options, value) => options.MaxConcurrentActivityFunctions = (int)value);
        Number("maxConcurrentOrchestratorFunctions", 1, 100_000, static (options, value) => options.MaxConcurrentOrchestratorFunctions = (int)value);
        Number("maxConcurrentEntityFunctions", 1, 100_000, static (options, value) => options.MaxConcurrentEntityFunctions = (int)value);
        Number("maxEntityOperationBatchSize", 1, 1_000_000, static (options, value) => options.MaxEntityOperationBatchSize = (int)value);
        Number("maxInstancesInMemory", 1, 10_000_000, static (options, value) => options.MaxInstancesInMemory = (int)value);
        Number("maxMemoryBytes", 1_048_576, 1_099_511_627_776, static (options, value) => options.MaxMemoryBytes = value);
        Number("maxPayloadBytes", 1024, EmbeddedDurableTaskOptions.LargestPayload, static (options, value) => options.MaxPayloadBytes = (int)value);
        Number("historyLengthWarning", 100, 1_000_000_000, static (options, value) => options.HistoryLengthWarning = (int)value);
        var idleSeconds = Number("extendedSessionIdleTimeoutInSeconds", 1, 86_400, change: null) ?? DefaultSessionIdleSeconds;
        if (Choice("extendedSessionsEnabled", ["true", "false"]) is "true")
        {
            changes.Add(options => options.IdleTimeInMemory = TimeSpan.FromSeconds(idleSeconds));
        }

        if (Choice("overridableExistingInstanceStates", Enum.GetNames<OverridableStates>()) is { } states)
        {
            changes.Add(options => options.OverridableExistingInstanceStates = Enum.Parse<OverridableStates>(states));
        }

        var settings = new DurableTaskSettings([.. section.GetChildren().Where(child => !known.Contains(child.Key)).SelectMany(Leaves)]);
        settings._changes.AddRange(changes);
        return settings;

        long? Number(string name, long minimum, long maximum, Action<EmbeddedDurableTaskOptions, long>? change)
        {
            if (Text(name) is not { } text)
            {
                return null;
            }

            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value < minimum || value > maximum)
            {
                problems.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"host.json: extensions.durableTask.{name} is '{text}'. Use a whole number from {minimum} to {maximum}."));
                return null;
            }

            if (change is not null)
            {
                changes.Add(options => change(options, value));
            }

            return value;
        }

        string? Choice(string name, string[] values)
        {
            if (Text(name) is not { } text)
            {
                return null;
            }

            var choice = Array.Find(values, value => value.Equals(text, StringComparison.OrdinalIgnoreCase));
            if (choice is null)
            {
                problems.Add($"host.json: extensions.durableTask.{name} is '{text}'. Use {string.Join(" or ", values)}.");
            }

            return choice;
        }

        string? Text(string name)
        {
            known.Add(name);
            return section[name] is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;
        }

        IEnumerable<string> Leaves(IConfigurationSection part) => part.GetChildren().Any()
            ? part.GetChildren().SelectMany(Leaves)
            : [part.Path[(section.Path.Length + 1)..].Replace(':', '.')];
    }

    public void Apply(EmbeddedDurableTaskOptions options) => _changes.ForEach(change => change(options));

    public void Report(ILogger logger)
    {
        if (Ignored.Count > 0)
        {
            LogIgnored(logger, string.Join(", ", Ignored));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "host.json: these settings of extensions.durableTask have no effect in this host: {Names}")]
    private static partial void LogIgnored(ILogger logger, string names);
}

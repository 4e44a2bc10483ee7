using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>Options and arguments that several commands take.</summary>
internal static class CommandOptions
{
    private static readonly string[] Finished =
    [
        nameof(OrchestrationRuntimeStatus.Completed),
        nameof(OrchestrationRuntimeStatus.Failed),
        nameof(OrchestrationRuntimeStatus.Terminated),
    ];

    private static readonly string[] All =
    [
        nameof(OrchestrationRuntimeStatus.Pending),
        nameof(OrchestrationRuntimeStatus.Running),
        nameof(OrchestrationRuntimeStatus.Suspended),
        .. Finished,
    ];

    public static Argument<string> InstanceId() => new("id") { Description = "The instance's id." };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON in the shapes of the management API; times are UTC." };

    public static Option<string?> Reason() => new("--reason") { Description = "Why; kept with the instance.", HelpName = "text" };

    public static Option<string[]> AnyStatus() => Status("Only these: " + string.Join(", ", All) + ".", All);

    public static Option<string[]> FinishedStatus() => Status("Only these: " + string.Join(", ", Finished) + ".", Finished);

    /// <summary>Without an offset it is meant in the zone of this machine.</summary>
    public static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "time",
        CustomParser = result =>
        {
            var text = result.Tokens.Single().Value;
            if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time))
            {
                return time;
            }

            result.AddError($"'{text}' is no time. Use ISO 8601, such as 2026-01-31, 2026-01-31T18:00 (local) or 2026-01-31T18:00Z.");
            return null;
        },
    };

    private static Option<string[]> Status(string description, string[] known) => new("--status")
    {
        Description = description + " Several with commas.",
        HelpName = "status",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result => [.. result.Tokens
            .SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Select(status => Find(result, status, known))],
    };

    private static string Find(ArgumentResult result, string status, string[] known)
    {
        if (known.FirstOrDefault(candidate => string.Equals(candidate, status, StringComparison.OrdinalIgnoreCase)) is { } found)
        {
            return found;
        }

        result.AddError($"'{status}' is no status that can be asked for. Use {string.Join(", ", known)}.");
        return status;
    }
}

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>A command line that asks for a command instead of the host: <c>instances …</c>.</summary>
/// <param name="Command">What the command's own parser reads.</param>
/// <param name="Configuration">What configures the host, and so the command: options with a colon, such as <c>--Host:DataDirectory PATH</c>.</param>
internal sealed record CommandArguments(string[] Command, string[] Configuration)
{
    public const string Verb = "instances";

    public static CommandArguments? Find(string[] args) =>
        args is [Verb, .. var rest] ? Split(rest) : null;

    private static CommandArguments Split(string[] args)
    {
        var command = new List<string>();
        var configuration = new List<string>();
        for (var i = 0; i < args.Length; i++)
        {
            if (string.Equals(args[i], "--", StringComparison.Ordinal))
            {
                command.AddRange(args[i..]);
                break;
            }

            if (!IsConfiguration(args[i]))
            {
                command.Add(args[i]);
                continue;
            }

            configuration.Add(args[i]);
            if (!args[i].Contains('=', StringComparison.Ordinal) && i + 1 < args.Length)
            {
                configuration.Add(args[++i]);
            }
        }

        return new CommandArguments([.. command], [.. configuration]);
    }

    private static bool IsConfiguration(string argument)
    {
        var name = argument.Split('=', 2)[0];
        return name.StartsWith("--", StringComparison.Ordinal) && name.Contains(':', StringComparison.Ordinal);
    }
}

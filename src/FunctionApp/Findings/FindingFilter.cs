using System.Globalization;
using System.Text;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Ledger;
using AtomicDevOps.Activities.Tools.GitHub;

namespace AtomicDevOps.FunctionApp.Findings;

/// <summary>Which findings are asked for, by the query of a request.</summary>
internal sealed record FindingFilter
{
    public const int MostListed = 200;
    private const int MostTextCharacters = 1_000;
    private const string Everything = "all";

    private static readonly string[] Names =
        ["repository", "reference", "pullRequest", "severity", "kind", "state", "overdue", "tool", "limit", "after"];

    /// <summary>What the host itself takes from a query.</summary>
    private static readonly string[] OfTheHost = ["code", "clientId"];

    public RepositoryName? Repository { get; private init; }

    public string? Reference { get; private init; }

    public IReadOnlyList<FindingSeverity> Severities { get; private init; } = [];

    public IReadOnlyList<FindingKind> Kinds { get; private init; } = [];

    /// <summary>Those that stand and nobody answers for, where the query says nothing.</summary>
    public IReadOnlyList<FindingState> States { get; private init; } = [FindingState.Open];

    public bool? Overdue { get; private init; }

    public string? Tool { get; private init; }

    public int Limit { get; private init; } = 50;

    public FindingCursor? After { get; private init; }

    /// <returns>The filter, or what is wrong with the query.</returns>
    public static (FindingFilter Filter, string? Problem) Read(IQueryCollection query)
    {
        var filter = new FindingFilter();
        foreach (var (name, values) in query)
        {
            if (OfTheHost.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            if (!Names.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                return (filter, $"«{Shown(name)}» is no filter; there are {string.Join(", ", Names)}.");
            }

            if (values.Count > 1)
            {
                return (filter, $"«{Shown(name)}» is given {values.Count} times; once is right.");
            }
        }

        return filter.ReadValues(query, out var read) is { } wrong ? (filter, wrong) : (read, null);
    }

    public static string WrongReference(string reference) =>
        $"«reference» is «{Shown(reference)}»; it has to be refs/heads/ with a branch's name, or refs/pull/ with a pull request's number.";

    public bool Takes(LedgerEntry entry, DateTimeOffset now) =>
        (States.Count == 0 || States.Contains(entry.State))
        && (Severities.Count == 0 || Severities.Contains(entry.Finding.Severity))
        && (Kinds.Count == 0 || Kinds.Contains(entry.Finding.Kind))
        && (Overdue is null || entry.IsOverdue(now) == Overdue)
        && (Tool is null || entry.Finding.Evidence.Any(evidence => string.Equals(evidence.Tool, Tool, StringComparison.OrdinalIgnoreCase)));

    private static string? Text(IQueryCollection query, string name) => query[name].ToString() is { Length: > 0 } text ? text : null;

    private static string Shown(string text) => text.Length <= 100 ? text : $"{text[..100]}…";

    private static string? ReadNames<TEnum>(IQueryCollection query, string name, out IReadOnlyList<TEnum> values)
        where TEnum : struct, Enum
    {
        values = [];
        if (Text(query, name) is not { } text)
        {
            return null;
        }

        var read = new List<TEnum>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (Array.Find(Enum.GetValues<TEnum>(), value => string.Equals(value.ToString(), part, StringComparison.OrdinalIgnoreCase)) is var value
                && string.Equals(value.ToString(), part, StringComparison.OrdinalIgnoreCase))
            {
                read.Add(value);
            }
            else
            {
                return $"«{name}» is «{Shown(text)}»; it has to be one or more of {string.Join(", ", Enum.GetNames<TEnum>())}, with commas between.";
            }
        }

        values = read;
        return null;
    }

    private string? ReadValues(IQueryCollection query, out FindingFilter filter)
    {
        filter = this;
        RepositoryName? repository = null;
        if (Text(query, "repository") is { } name && !RepositoryName.TryParse(name, out repository))
        {
            return $"«repository» is «{Shown(name)}»; it has to be of the form owner/name.";
        }

        var reference = Text(query, "reference");
        if (reference is not null && !FindingLedger.IsReference(reference))
        {
            return WrongReference(reference);
        }

        if (Text(query, "pullRequest") is { } pullRequest)
        {
            if (repository is null || !int.TryParse(pullRequest, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
            {
                return $"«pullRequest» is «{Shown(pullRequest)}»; it has to be a number from 1 on, and needs «repository» beside it.";
            }

            if (reference is not null && !string.Equals(reference, FindingLedger.ReferenceOf(number), StringComparison.Ordinal))
            {
                return $"«pullRequest» is «{number}» and «reference» is another one; keep the one that is meant.";
            }

            reference = FindingLedger.ReferenceOf(number);
        }

        if (ReadNames<FindingSeverity>(query, "severity", out var severities) is { } noSeverity)
        {
            return noSeverity;
        }

        if (ReadNames<FindingKind>(query, "kind", out var kinds) is { } noKind)
        {
            return noKind;
        }

        var states = States;
        if (string.Equals(Text(query, "state"), Everything, StringComparison.OrdinalIgnoreCase))
        {
            states = [];
        }
        else if (Text(query, "state") is not null && ReadNames(query, "state", out states) is { } noState)
        {
            return $"{noState} «{Everything}» means all of them.";
        }

        bool? overdue = null;
        if (Text(query, "overdue") is { } overdueText)
        {
            if (!bool.TryParse(overdueText, out var given))
            {
                return $"«overdue» is «{Shown(overdueText)}»; it has to be true or false.";
            }

            overdue = given;
        }

        if (Text(query, "tool") is { Length: > MostTextCharacters } tool)
        {
            return $"«tool» has {tool.Length} characters; it has to be a tool's name, such as Bandit.";
        }

        var limit = Limit;
        if (Text(query, "limit") is { } limitText && (!int.TryParse(limitText, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MostListed))
        {
            return $"«limit» is «{Shown(limitText)}»; it has to be a number from 1 to {MostListed}.";
        }

        FindingCursor? after = null;
        if (Text(query, "after") is { } afterText && !FindingCursor.TryParse(afterText, out after))
        {
            return $"«after» is «{Shown(afterText)}»; it has to be what an answer to the same question gave as «next».";
        }

        filter = this with
        {
            Repository = repository,
            Reference = reference,
            Severities = severities,
            Kinds = kinds,
            States = states,
            Overdue = overdue,
            Tool = Text(query, "tool"),
            Limit = limit,
            After = after,
        };
        return null;
    }
}

/// <summary>Where a page ended: the place of its last finding in the list, and which it was, as the list may have changed meanwhile.</summary>
internal sealed record FindingCursor(int Index, string Identity)
{
    private const int MostCharacters = 4_000;

    public static bool TryParse(string text, out FindingCursor? cursor)
    {
        cursor = null;
        if (text.Length > MostCharacters || !System.Buffers.Text.Base64Url.IsValid(text))
        {
            return false;
        }

        var parts = Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(text)).Split(' ', 2);
        if (parts.Length != 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index))
        {
            return false;
        }

        cursor = new FindingCursor(index, parts[1]);
        return true;
    }

    public override string ToString() => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Index} {Identity}")));
}

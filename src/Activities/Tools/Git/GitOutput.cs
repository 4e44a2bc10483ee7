using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Tools.Git;

/// <summary>Reads what git's plumbing prints.</summary>
internal static partial class GitOutput
{
    private const int LogFields = 10;

    /// <summary>One entry of <c>ls-tree -z</c>: mode, type, id, tab, path.</summary>
    public static GitTreeEntry ParseTreeEntry(string entry)
    {
        var tab = entry.IndexOf('\t', StringComparison.Ordinal);
        if (tab < 0 || entry[..tab].Split(' ') is not [var mode, _, var id])
        {
            throw Unreadable("ls-tree", entry);
        }

        var kind = mode switch
        {
            "120000" => GitEntryKind.SymbolicLink,
            "160000" => GitEntryKind.Submodule,
            "100755" => GitEntryKind.ExecutableFile,
            _ => GitEntryKind.File,
        };
        return new GitTreeEntry(entry[(tab + 1)..], kind, id, null);
    }

    /// <summary>Lines of <c>cat-file --batch-check</c>; missing objects are left out.</summary>
    public static Dictionary<string, long> ParseSizes(string output)
    {
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(' ') is [var id, var size] && long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes))
            {
                sizes[id] = bytes;
            }
        }

        return sizes;
    }

    /// <summary>The answers of <c>cat-file --batch</c>: a line with id, type and size, then the content and a line feed.</summary>
    public static Dictionary<string, string> ParseBatch(ReadOnlySpan<byte> output)
    {
        var contents = new Dictionary<string, string>(StringComparer.Ordinal);
        while (!output.IsEmpty)
        {
            var end = output.IndexOf((byte)'\n');
            var header = Encoding.UTF8.GetString(end < 0 ? output : output[..end]);
            if (end < 0
                || header.Split(' ') is not [var id, _, var size]
                || !int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || output.Length < end + 1 + length + 1)
            {
                throw new GitCacheDamagedException($"git cat-file answered '{header}' where an object was expected.");
            }

            contents[id] = Encoding.UTF8.GetString(output.Slice(end + 1, length));
            output = output[(end + 1 + length + 1)..];
        }

        return contents;
    }

    /// <summary>The output of <c>diff-tree -z --raw --numstat</c>: first all raw entries, which begin with a colon, then all counts.</summary>
    public static List<GitFileChange> ParseDiff(string output)
    {
        var fields = new Queue<string>(output.Split('\0'));
        var changes = new List<GitFileChange>();
        while (fields.TryPeek(out var field) && field.StartsWith(':'))
        {
            var status = fields.Dequeue().Split(' ')[^1];
            var path = Next();
            changes.Add(status[0] switch
            {
                'A' => new GitFileChange(path, GitChangeKind.Added, null, null, null),
                'D' => new GitFileChange(path, GitChangeKind.Deleted, null, null, null),
                'T' => new GitFileChange(path, GitChangeKind.TypeChanged, null, null, null),
                'R' => new GitFileChange(Next(), GitChangeKind.Renamed, path, null, null),
                'C' => new GitFileChange(Next(), GitChangeKind.Copied, path, null, null),
                _ => new GitFileChange(path, GitChangeKind.Modified, null, null, null),
            });
        }

        var counts = new Dictionary<string, (int? Additions, int? Deletions)>(StringComparer.Ordinal);
        while (fields.TryDequeue(out var field) && field.Length > 0)
        {
            if (field.Split('\t', 3) is not [var additions, var deletions, var path])
            {
                throw Unreadable("diff-tree", field);
            }

            if (path.Length == 0)
            {
                Next();
                path = Next();
            }

            counts[path] = (Count(additions), Count(deletions));
        }

        return [.. changes.Select(change => counts.TryGetValue(change.Path, out var count)
            ? change with { Additions = count.Additions, Deletions = count.Deletions }
            : change)];

        string Next() => fields.TryDequeue(out var next) ? next : throw Unreadable("diff-tree", "");

        static int? Count(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null;
    }

    /// <summary>Ten fields a commit, each ended by NUL.</summary>
    public static List<GitCommit> ParseLog(string output, int maxBodyLength)
    {
        var fields = output.Split('\0');
        var commits = new List<GitCommit>(fields.Length / LogFields);
        for (var i = 0; i + LogFields <= fields.Length; i += LogFields)
        {
            var body = fields[i + 9].Trim();
            commits.Add(new GitCommit(
                fields[i].Trim(),
                fields[i + 1].Split(' ', StringSplitOptions.RemoveEmptyEntries),
                fields[i + 2],
                fields[i + 3],
                Date(fields[i + 4]),
                fields[i + 5],
                fields[i + 6],
                Date(fields[i + 7]),
                fields[i + 8],
                body.Length > maxBodyLength ? body[..maxBodyLength] + "…" : body));
        }

        return commits;
    }

    /// <summary>Blocks of <c>blame --line-porcelain</c>: a header line, fields, and the text behind a tab.</summary>
    public static List<GitBlameLine> ParseBlame(string output)
    {
        var lines = new List<GitBlameLine>();
        string commit = "", author = "", email = "";
        var number = 0;
        var time = 0L;
        var zone = "+0000";
        foreach (var line in output.Split('\n'))
        {
            if (line.StartsWith('\t'))
            {
                lines.Add(new GitBlameLine(number, commit, author, email, Date(time, zone), line[1..]));
                commit = "";
            }
            else if (commit.Length == 0 && BlameHeader().Match(line) is { Success: true } header)
            {
                commit = header.Groups["commit"].Value;
                number = int.Parse(header.Groups["line"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
            }
            else if (Field(line, "author ") is { } name)
            {
                author = name;
            }
            else if (Field(line, "author-mail ") is { } mail)
            {
                email = mail.Trim('<', '>');
            }
            else if (Field(line, "author-time ") is { } seconds)
            {
                time = long.TryParse(seconds, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0;
            }
            else if (Field(line, "author-tz ") is { } offset)
            {
                zone = offset;
            }
        }

        return lines;

        static string? Field(string line, string name) => line.StartsWith(name, StringComparison.Ordinal) ? line[name.Length..] : null;
    }

    /// <summary>How many lines the file has, where blame was asked for one past its end.</summary>
    public static int? LinesInFile(string error) =>
        OnlyLines().Match(error) is { Success: true } match ? int.Parse(match.Groups["lines"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : null;

    private static DateTimeOffset Date(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? date : DateTimeOffset.UnixEpoch;

    private static DateTimeOffset Date(long seconds, string zone)
    {
        if (seconds < 0 || seconds > 253_000_000_000 || !int.TryParse(zone, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var offset))
        {
            return DateTimeOffset.UnixEpoch;
        }

        var minutes = offset / 100 * 60 + offset % 100;
        var date = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return Math.Abs(minutes) <= 14 * 60 ? date.ToOffset(TimeSpan.FromMinutes(minutes)) : date;
    }

    private static ToolException Unreadable(string command, string text) =>
        new(GitTool.Name, $"git {command} printed something that cannot be read: '{(text.Length > 100 ? text[..100] : text)}'.");

    [GeneratedRegex(@"^(?<commit>[0-9a-f]{40,64}) \d+ (?<line>\d+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BlameHeader();

    [GeneratedRegex(@"has only (?<lines>\d+) lines?", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OnlyLines();
}

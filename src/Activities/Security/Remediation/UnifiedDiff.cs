using System.Globalization;
using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Security.Remediation;

internal sealed record FileDiff(string Path, IReadOnlyList<DiffHunk> Hunks);

/// <param name="OldStart">The line it says to begin at, from 1 on.</param>
internal sealed record DiffHunk(int OldStart, IReadOnlyList<DiffLine> Lines)
{
    /// <summary>Whether the side's last line is said to end the file without a line break; null where nothing is said.</summary>
    public bool? OldEndsBare { get; init; }

    public bool? NewEndsBare { get; init; }

    public IEnumerable<string> Removed => Lines.Where(static line => line.Kind == DiffLineKind.Removed).Select(static line => line.Text);

    public IEnumerable<string> Added => Lines.Where(static line => line.Kind == DiffLineKind.Added).Select(static line => line.Text);
}

internal readonly record struct DiffLine(DiffLineKind Kind, string Text);

internal enum DiffLineKind
{
    Context,
    Removed,
    Added,
}

/// <summary>A patch cannot be taken; never leaves <see cref="PatchReader"/>.</summary>
internal sealed class PatchRefusedException(PatchRefusal refusal, string message) : Exception(message)
{
    public PatchRefusal Refusal { get; } = refusal;
}

/// <summary>Reads a unified diff of existing text files, strictly: the counts of a hunk have to be those of its lines, so that a diff with a line lost is none.</summary>
internal sealed partial class UnifiedDiff
{
    private readonly string[] _lines;
    private int _next;

    private UnifiedDiff(string[] lines) => _lines = lines;

    private string? Current => _next < _lines.Length ? _lines[_next] : null;

    /// <exception cref="PatchRefusedException">It is not such a diff.</exception>
    public static IReadOnlyList<FileDiff> Parse(string[] lines)
    {
        var reader = new UnifiedDiff(lines);
        var files = new List<FileDiff>();
        while (reader.SkipToFile())
        {
            files.Add(reader.ReadFile());
        }

        if (files.Count == 0)
        {
            throw new PatchRefusedException(PatchRefusal.Malformed, "The patch has no file in it.");
        }

        return files.Select(static file => file.Path).Distinct(StringComparer.Ordinal).Count() == files.Count
            ? files
            : throw new PatchRefusedException(PatchRefusal.Malformed, "The patch has a file in it twice.");
    }

    /// <summary>Passes over what git writes before a file's diff, none of which may say more than that its lines change.</summary>
    private bool SkipToFile()
    {
        while (Current is { } line && !line.StartsWith("--- ", StringComparison.Ordinal))
        {
            if (StartsWithAny(line, "new file mode", "deleted file mode", "rename ", "copy ", "similarity index", "dissimilarity index"))
            {
                throw new PatchRefusedException(PatchRefusal.AddsOrRemovesFile, $"Line {_next + 1} of the patch adds, deletes, renames or copies a file.");
            }

            if (StartsWithAny(line, "old mode", "new mode", "GIT binary patch", "Binary files "))
            {
                throw new PatchRefusedException(PatchRefusal.BinaryOrMode, $"Line {_next + 1} of the patch is of a binary file or changes a mode.");
            }

            if (line.Length > 0 && !StartsWithAny(line, "diff --git ", "index "))
            {
                throw Malformed("is none that a unified diff has there");
            }

            _next++;
        }

        return Current is not null;
    }

    private FileDiff ReadFile()
    {
        var old = ReadPath("--- ");
        var now = Current?.StartsWith("+++ ", StringComparison.Ordinal) == true ? ReadPath("+++ ") : throw Malformed("has to begin with +++");
        if (old is "/dev/null" || now is "/dev/null")
        {
            throw new PatchRefusedException(PatchRefusal.AddsOrRemovesFile, "The patch adds or deletes a file.");
        }

        var isPrefixed = old.StartsWith("a/", StringComparison.Ordinal) && now.StartsWith("b/", StringComparison.Ordinal);
        var path = isPrefixed ? now[2..] : now;
        foreach (var each in new[] { isPrefixed ? old[2..] : old, path })
        {
            if (!IsSafe(each))
            {
                throw new PatchRefusedException(PatchRefusal.UnsafePath, $"A path before line {_next + 1} of the patch is not one from the repository's root.");
            }
        }

        if (!string.Equals(isPrefixed ? old[2..] : old, path, StringComparison.Ordinal))
        {
            throw new PatchRefusedException(PatchRefusal.AddsOrRemovesFile, $"The patch renames a file to {path}.");
        }

        var hunks = new List<DiffHunk>();
        while (Current is { } line && line.StartsWith("@@", StringComparison.Ordinal))
        {
            hunks.Add(ReadHunk());
        }

        return hunks.Count > 0 ? new FileDiff(path, hunks) : throw Malformed("has to begin with @@");
    }

    private string ReadPath(string before)
    {
        var path = _lines[_next++][before.Length..];
        var tab = path.IndexOf('\t', StringComparison.Ordinal);
        return (tab < 0 ? path : path[..tab]).TrimEnd(' ');
    }

    private DiffHunk ReadHunk()
    {
        var header = HunkHeader.Match(_lines[_next]);
        if (!header.Success)
        {
            throw Malformed("is no head of a hunk such as @@ -1,3 +1,4 @@");
        }

        _next++;
        var (oldLeft, newLeft) = (Number(header, "oldCount"), Number(header, "newCount"));
        var lines = new List<DiffLine>();
        bool? oldEndsBare = null;
        bool? newEndsBare = null;
        while (true)
        {
            if (Current?.StartsWith('\\') == true && lines.Count > 0)
            {
                var kind = lines[^1].Kind;
                oldEndsBare = kind is DiffLineKind.Context or DiffLineKind.Removed ? true : oldEndsBare;
                newEndsBare = kind is DiffLineKind.Context or DiffLineKind.Added ? true : newEndsBare;
                _next++;
            }
            else if (oldLeft == 0 && newLeft == 0)
            {
                break;
            }
            else
            {
                var line = ReadLine();
                oldLeft -= line.Kind == DiffLineKind.Added ? 0 : 1;
                newLeft -= line.Kind == DiffLineKind.Removed ? 0 : 1;
                if (oldLeft < 0 || newLeft < 0)
                {
                    throw Malformed("is one more than the head of its hunk counts");
                }

                if ((oldEndsBare == true && line.Kind != DiffLineKind.Added) || (newEndsBare == true && line.Kind != DiffLineKind.Removed))
                {
                    throw Malformed("stands behind the end of the file");
                }

                lines.Add(line);
            }
        }

        return new DiffHunk(Number(header, "oldStart"), lines) { OldEndsBare = oldEndsBare, NewEndsBare = newEndsBare };
    }

    private DiffLine ReadLine()
    {
        var line = Current ?? throw Malformed("is missing: a hunk ends before it has the lines that its head counts");
        _next++;
        return line switch
        {
            "" => new DiffLine(DiffLineKind.Context, ""),
            [' ', .. var text] => new DiffLine(DiffLineKind.Context, text),
            ['-', .. var text] => new DiffLine(DiffLineKind.Removed, text),
            ['+', .. var text] => new DiffLine(DiffLineKind.Added, text),
            _ => throw new PatchRefusedException(PatchRefusal.Malformed, $"Line {_next} of the patch begins with neither space, minus nor plus."),
        };
    }

    private static bool IsSafe(string path) =>
        path.Length is > 0 and <= 500
        && !path.StartsWith('/')
        && !path.Any(static character => character is '\\' or '"' or ':' || char.IsControl(character))
        && !HiddenCharacters.AreIn(path)
        && path.Split('/').All(static segment => segment is not ("" or "." or "..") && !segment.Equals(".git", StringComparison.OrdinalIgnoreCase));

    private static bool StartsWithAny(string line, params ReadOnlySpan<string> beginnings)
    {
        foreach (var beginning in beginnings)
        {
            if (line.StartsWith(beginning, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static int Number(Match header, string name) => header.Groups[name] is { Success: true } group ? int.Parse(group.ValueSpan, CultureInfo.InvariantCulture) : 1;

    private PatchRefusedException Malformed(string problem) => new(PatchRefusal.Malformed, $"Line {_next + 1} of the patch {problem}.");

    [GeneratedRegex("^@@ -(?<oldStart>[0-9]{1,7})(?:,(?<oldCount>[0-9]{1,7}))? \\+[0-9]{1,7}(?:,(?<newCount>[0-9]{1,7}))? @@", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex HunkHeader { get; }
}

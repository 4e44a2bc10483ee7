using System.Text;

namespace AtomicDevOps.Activities.Security.Remediation;

/// <summary>Takes the patch out of a model's answer, applies it to what the model was shown, and refuses what no patch may do.</summary>
internal static class PatchReader
{
    private const string Fence = "```";
    private const int MaxExplanation = 2_000;

    /// <summary>What a line is searched for takes time and memory that grow faster than its length.</summary>
    private const int MaxLine = 4_000;

    /// <summary>Never throws, whatever the answer is.</summary>
    public static PatchReading Read(string answer, IReadOnlyList<OfferedFile> files, PatchLimits limits)
    {
        try
        {
            var (patch, explanation) = FindPatch(answer, limits);
            var diffs = UnifiedDiff.Parse(patch);
            RequireBounds(diffs, limits);
            var changes = diffs.Select(diff => Change(diff, files)).ToList();
            return changes.TrueForAll(static change => change.IsSame)
                ? throw new PatchRefusedException(PatchRefusal.NothingChanged, "The patch leaves every file as it is.")
                : new PatchReading(
                    new ProposedPatch(
                        [.. changes.Where(static change => !change.IsSame).Select(static change => change.File)],
                        explanation,
                        changes.Exists(static change => !change.IsSame && change.HoldsSecrets)),
                    null,
                    "");
        }
        catch (PatchRefusedException refused)
        {
            return new PatchReading(null, refused.Refusal, refused.Message);
        }
    }

    /// <summary>The lines of the one fenced block. Every line of a diff has a mark before it, so that none of them can be taken for the fence's end.</summary>
    private static (string[] Patch, string Explanation) FindPatch(string answer, PatchLimits limits)
    {
        var lines = answer.Split('\n');
        for (var index = 0; index < lines.Length; index++)
        {
            lines[index] = lines[index].EndsWith('\r') ? lines[index][..^1] : lines[index];
        }

        var open = Array.FindIndex(lines, static line => line.StartsWith(Fence, StringComparison.Ordinal));
        if (open < 0)
        {
            throw new PatchRefusedException(PatchRefusal.NoPatch, "The model proposed no patch.");
        }

        if (lines[open].TrimEnd() is not (Fence or "```diff" or "```patch"))
        {
            throw new PatchRefusedException(PatchRefusal.NoPatch, "The answer's block is no diff.");
        }

        var close = Array.FindIndex(lines, open + 1, static line => line.StartsWith(Fence, StringComparison.Ordinal));
        if (close < 0 || lines[close].TrimEnd() is not Fence)
        {
            throw new PatchRefusedException(PatchRefusal.Malformed, "The answer's block has no end.");
        }

        if (Array.FindIndex(lines, close + 1, static line => line.StartsWith(Fence, StringComparison.Ordinal)) >= 0)
        {
            throw new PatchRefusedException(PatchRefusal.Malformed, "The answer has more than one block.");
        }

        var patch = lines[(open + 1)..close];
        if (patch.Sum(static line => (long)Encoding.UTF8.GetByteCount(line) + 1) > limits.Bytes)
        {
            throw new PatchRefusedException(PatchRefusal.TooLarge, $"The patch has more than {limits.Bytes} bytes.");
        }

        if (patch.Any(static line => line.Length > MaxLine))
        {
            throw new PatchRefusedException(PatchRefusal.TooLarge, $"The patch has a line of more than {MaxLine} characters.");
        }

        return (patch, Plain([.. lines[..open], .. lines[(close + 1)..]]));
    }

    private static string Plain(string[] lines)
    {
        var text = string.Join('\n', lines.Select(HiddenCharacters.Show)).Trim();
        return text.Length <= MaxExplanation ? text : text[..MaxExplanation];
    }

    private static void RequireBounds(IReadOnlyList<FileDiff> diffs, PatchLimits limits)
    {
        if (diffs.Count > limits.Files)
        {
            throw new PatchRefusedException(PatchRefusal.TooLarge, $"The patch changes {diffs.Count} files; {limits.Files} are allowed.");
        }

        var changed = diffs.SelectMany(static diff => diff.Hunks).SelectMany(static hunk => hunk.Lines).Count(static line => line.Kind != DiffLineKind.Context);
        if (changed > limits.ChangedLines)
        {
            throw new PatchRefusedException(PatchRefusal.TooLarge, $"The patch changes {changed} lines; {limits.ChangedLines} are allowed.");
        }
    }

    private static Changed Change(FileDiff diff, IReadOnlyList<OfferedFile> files)
    {
        if (ProtectedPaths.IsTest(diff.Path))
        {
            throw new PatchRefusedException(PatchRefusal.TouchesTests, $"The patch changes the test {diff.Path}.");
        }

        if (ProtectedPaths.IsCheckConfiguration(diff.Path))
        {
            throw new PatchRefusedException(PatchRefusal.SwitchesOffChecks, $"The patch changes {diff.Path}, which says how the repository is built or checked.");
        }

        var file = files.FirstOrDefault(each => string.Equals(each.Path, diff.Path, StringComparison.Ordinal))
            ?? throw new PatchRefusedException(PatchRefusal.FileNotOffered, $"The patch changes {diff.Path}, which is not to be changed.");
        foreach (var hunk in diff.Hunks)
        {
            RequireHarmless(hunk, diff.Path);
        }

        var lines = Apply(diff, file);
        var content = SourceText.Join(lines);
        return string.IsNullOrWhiteSpace(content)
            ? throw new PatchRefusedException(PatchRefusal.EmptiesFile, $"The patch leaves nothing of {diff.Path}.")
            : new Changed(
                new PatchedFile(diff.Path, content),
                string.Equals(content, file.Source.ToString(), StringComparison.Ordinal),
                file.Mask.Values.Any(secret => content.Contains(secret, StringComparison.Ordinal)));
    }

    private static void RequireHarmless(DiffHunk hunk, string path)
    {
        var removed = hunk.Removed.ToList();
        var kept = removed.Select(static line => line.Trim()).ToHashSet(StringComparer.Ordinal);
        if (removed.Exists(ProtectedPaths.DeclaresTest))
        {
            throw new PatchRefusedException(PatchRefusal.TouchesTests, $"The patch takes away or changes a test in {path}.");
        }

        RequireSecretsInPlace(hunk, removed, path);
        var isInKey = false;
        foreach (var line in hunk.Added)
        {
            if (HiddenCharacters.AreIn(line))
            {
                throw new PatchRefusedException(PatchRefusal.HiddenCharacters, $"The patch adds characters to {path} that are not seen, or make others look different.");
            }

            if (ProtectedPaths.Suppresses(line) && !kept.Contains(line.Trim()))
            {
                throw new PatchRefusedException(PatchRefusal.SwitchesOffChecks, $"The patch adds a comment or mark to {path} that makes a checker look away.");
            }

            isInKey |= SecretPatterns.BeginsPrivateKey(line);
            if ((isInKey || SecretPatterns.FindInLine(line).Count > 0) && !kept.Contains(line.Trim()))
            {
                throw new PatchRefusedException(PatchRefusal.AddsSecret, $"The patch adds what looks like a secret to {path}.");
            }
        }
    }

    /// <summary>
    /// A line that is written anew may have a placeholder only where a line that it replaces has it: behind the same beginning. What a model
    /// puts the value into would otherwise be the model's choice, and a log or an address is as easily written as a password's field.
    /// </summary>
    private static void RequireSecretsInPlace(DiffHunk hunk, List<string> removed, string path)
    {
        var places = removed.SelectMany(Places).ToList();
        foreach (var line in hunk.Added)
        {
            var found = Places(line).ToList();
            if (found.Exists(place => !places.Remove(place)) || found.Count != CountMarks(line))
            {
                throw new PatchRefusedException(PatchRefusal.MovesSecret, $"The patch puts a secret of {path} to another use.");
            }
        }
    }

    private static IEnumerable<string> Places(string line) => SecretMask.PlaceholdersIn(line).Select(range => line[..range.End].TrimStart());

    private static int CountMarks(string line)
    {
        var count = 0;
        for (var index = line.IndexOf("«secret", StringComparison.OrdinalIgnoreCase); index >= 0; index = line.IndexOf("«secret", index + 1, StringComparison.OrdinalIgnoreCase))
        {
            count++;
        }

        return count;
    }

    private static List<SourceLine> Apply(FileDiff diff, OfferedFile file)
    {
        var source = file.Source.Lines;
        var result = new List<SourceLine>();
        var next = 0;
        var endsWithBreak = file.Source.EndsWithLineBreak;
        foreach (var hunk in diff.Hunks)
        {
            var old = hunk.Lines.Where(static line => line.Kind != DiffLineKind.Added).Select(static line => line.Text).ToList();
            var start = Locate(old, hunk.OldStart, next, file);
            result.AddRange(source.Skip(next).Take(start - next));
            next = start;
            foreach (var line in hunk.Lines)
            {
                switch (line.Kind)
                {
                    case DiffLineKind.Context:
                        result.Add(source[next++]);
                        break;
                    case DiffLineKind.Removed:
                        next++;
                        break;
                    default:
                        result.Add(new SourceLine(file.Mask.Restore(line.Text), BreakNear(source, next)));
                        break;
                }
            }

            if (hunk.OldEndsBare is not null || hunk.NewEndsBare is not null)
            {
                if (next != source.Count || hunk.OldEndsBare == true == file.Source.EndsWithLineBreak)
                {
                    throw new PatchRefusedException(PatchRefusal.DoesNotApply, $"The patch says of the end of {diff.Path} what is not so.");
                }

                endsWithBreak = hunk.NewEndsBare != true;
            }
        }

        result.AddRange(source.Skip(next));
        for (var index = 0; index < result.Count; index++)
        {
            var isLast = index == result.Count - 1;
            if (isLast && !endsWithBreak)
            {
                result[index] = result[index] with { Break = "" };
            }
            else if (result[index].Break.Length == 0)
            {
                result[index] = result[index] with { Break = BreakNear(source, source.Count) };
            }
        }

        return result;
    }

    /// <summary>Where the hunk says, if its lines stand there; else where they stand, if that is one place only.</summary>
    private static int Locate(List<string> old, int oldStart, int from, OfferedFile file)
    {
        if (old.Count == 0)
        {
            throw new PatchRefusedException(PatchRefusal.DoesNotApply, $"A hunk for {file.Path} has no line of the file in it that would say where it belongs.");
        }

        var first = Math.Max(from, file.FirstLine - 1);
        var last = file.LastLine - old.Count;
        var said = oldStart - 1;
        if (said >= first && said <= last && StandsAt(old, said, file))
        {
            return said;
        }

        var found = -1;
        for (var start = first; start <= last; start++)
        {
            if (StandsAt(old, start, file))
            {
                found = found < 0
                    ? start
                    : throw new PatchRefusedException(PatchRefusal.DoesNotApply, $"The lines of a hunk stand in several places of {file.Path}, and not at line {oldStart}.");
            }
        }

        return found >= 0 ? found : throw new PatchRefusedException(PatchRefusal.DoesNotApply, $"The lines of the hunk at line {oldStart} are not in {file.Path}.");
    }

    private static bool StandsAt(List<string> old, int start, OfferedFile file)
    {
        for (var index = 0; index < old.Count; index++)
        {
            if (!string.Equals(old[index], file.Masked[start + index], StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    private static string BreakNear(IReadOnlyList<SourceLine> source, int index)
    {
        var before = index > 0 && index <= source.Count ? source[index - 1].Break : "";
        return before.Length > 0 ? before : source.Count > 0 && source[0].Break.Length > 0 ? source[0].Break : "\n";
    }

    private sealed record Changed(PatchedFile File, bool IsSame, bool HoldsSecrets);
}

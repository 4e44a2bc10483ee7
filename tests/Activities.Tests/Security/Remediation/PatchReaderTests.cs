using System.Globalization;
using System.Text;
using AtomicDevOps.Activities.Security.Remediation;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Security.Remediation;

public sealed class PatchReaderTests
{
    private const string Path = "src/app.py";
    private const string Source = "import os\n\n\ndef run(name):\n    os.system('ls ' + name)\n    return name\n";

    private const string Good = """
        The shell no longer sees the name.

        ```diff
        --- a/src/app.py
        +++ b/src/app.py
        @@ -1,6 +1,6 @@
        -import os
        +import subprocess
         
         
         def run(name):
        -    os.system('ls ' + name)
        +    subprocess.run(['ls', name], check=False)
             return name
        ```
        """;

    private static readonly PatchLimits Limits = new(3, 60, 32 * 1024);

    [Fact]
    public void A_good_patch_gives_the_whole_file_and_the_explanation()
    {
        var patch = Read(Good).Patch.ShouldNotBeNull();

        patch.Files.ShouldBe([new PatchedFile(Path, "import subprocess\n\n\ndef run(name):\n    subprocess.run(['ls', name], check=False)\n    return name\n")]);
        patch.Explanation.ShouldBe("The shell no longer sees the name.");
        patch.HoldsSecrets.ShouldBeFalse();
    }

    [Fact]
    public void Lines_keep_how_they_end_and_new_ones_end_alike()
    {
        var patch = Read(Good, Source.ReplaceLineEndings("\r\n")).Patch.ShouldNotBeNull();

        patch.Files[0].Content.ShouldBe("import subprocess\r\n\r\n\r\ndef run(name):\r\n    subprocess.run(['ls', name], check=False)\r\n    return name\r\n");
    }

    [Fact]
    public void A_hunk_whose_line_is_wrong_belongs_where_its_lines_stand_if_that_is_one_place()
    {
        Read(Good.Replace("@@ -1,6 +1,6 @@", "@@ -40,6 +41,6 @@")).Patch.ShouldNotBeNull();

        var twice = Diff("@@ -9,1 +9,1 @@\n-    return name\n+    return str(name)");
        Read(twice, Source + "    return name\n").Refusal.ShouldBe(PatchRefusal.DoesNotApply);
    }

    public static TheoryData<string, PatchRefusal> Bad { get; } = new()
    {
        { "There is no safe change.", PatchRefusal.NoPatch },
        { "", PatchRefusal.NoPatch },
        { "```python\nimport os\n```", PatchRefusal.NoPatch },
        { "```diff\n```", PatchRefusal.Malformed },
        { Good.Replace("\n```\n", "\n").TrimEnd('`', '\n', ' '), PatchRefusal.Malformed },
        { $"{Good}\n{Good}", PatchRefusal.Malformed },
        { Good.Replace("@@ -1,6 +1,6 @@", "@@ -1,6 +1,7 @@"), PatchRefusal.Malformed },
        { Good.Replace("@@ -1,6 +1,6 @@", "@@ -1,5 +1,5 @@"), PatchRefusal.Malformed },
        { Good.Replace("@@ -1,6 +1,6 @@", "@@ here @@"), PatchRefusal.Malformed },
        { Good.Replace("os.system('ls ' + name)", "os.system('ls ' +  name)"), PatchRefusal.DoesNotApply },
        { Diff("@@ -0,0 +1,1 @@\n+import sys"), PatchRefusal.DoesNotApply },
        { Good.Replace("src/app.py", "src/other.py"), PatchRefusal.FileNotOffered },
        { Good.Replace("+++ b/src/app.py", "+++ b/src/other.py"), PatchRefusal.AddsOrRemovesFile },
        { Good.Replace("--- a/src/app.py", "--- /dev/null"), PatchRefusal.AddsOrRemovesFile },
        { Good.Replace("+++ b/src/app.py", "+++ /dev/null"), PatchRefusal.AddsOrRemovesFile },
        { Good.Replace("--- a/", "rename from src/app.py\nrename to src/b.py\n--- a/"), PatchRefusal.AddsOrRemovesFile },
        { Good.Replace("--- a/", "new file mode 100644\n--- a/"), PatchRefusal.AddsOrRemovesFile },
        { Good.Replace("--- a/", "old mode 100644\nnew mode 100755\n--- a/"), PatchRefusal.BinaryOrMode },
        { "```diff\ndiff --git a/x b/x\nBinary files a/x and b/x differ\n```", PatchRefusal.BinaryOrMode },
        { Good.Replace("src/app.py", "../etc/passwd"), PatchRefusal.UnsafePath },
        { Good.Replace("/src/app.py", "//etc/passwd"), PatchRefusal.UnsafePath },
        { Good.Replace("src/app.py", ".git/config"), PatchRefusal.UnsafePath },
        { Good.Replace("src/app.py", "src\\app.py"), PatchRefusal.UnsafePath },
        { Good.Replace("src/app.py", "tests/test_app.py"), PatchRefusal.TouchesTests },
        { Good.Replace("src/app.py", "src/app.spec.ts"), PatchRefusal.TouchesTests },
        { Good.Replace("src/app.py", "src/App.Tests/Thing.cs"), PatchRefusal.TouchesTests },
        { Good.Replace("src/app.py", "src/ThingTests.cs"), PatchRefusal.TouchesTests },
        { Good.Replace("src/app.py", "conftest.py"), PatchRefusal.TouchesTests },
        { Good.Replace("src/app.py", ".atomicdevops.yml"), PatchRefusal.SwitchesOffChecks },
        { Good.Replace("src/app.py", ".github/workflows/ci.yml"), PatchRefusal.SwitchesOffChecks },
        { Good.Replace("src/app.py", ".trivyignore"), PatchRefusal.SwitchesOffChecks },
        { Good.Replace("src/app.py", "web/.eslintrc.json"), PatchRefusal.SwitchesOffChecks },
        { Good.Replace("src/app.py", "pyproject.toml"), PatchRefusal.SwitchesOffChecks },
        { Good.Replace("check=False)", "check=False)  # nosec"), PatchRefusal.SwitchesOffChecks },
        { Good.Replace("check=False)", "check=False)  # noqa: S603"), PatchRefusal.SwitchesOffChecks },
        { Good.Replace("check=False)", "check=False)  # nosemgrep"), PatchRefusal.SwitchesOffChecks },
        { Good.Replace("check=False)", "check=False)  // eslint-disable-line"), PatchRefusal.SwitchesOffChecks },
        { Good.Replace("check=False)", "check=False)  # pragma: allowlist secret"), PatchRefusal.SwitchesOffChecks },
        { Good.Replace("check=False)", "check=False)  # type: ignore"), PatchRefusal.SwitchesOffChecks },
        { Good.Replace("check=False)", "check=False)  # checkov:skip=1"), PatchRefusal.SwitchesOffChecks },
        { Good.Replace("check=False)", "check=False, password='hunter2!')"), PatchRefusal.AddsSecret },
        { Good.Replace("check=False)", "check=False, key='" + "AKIA" + "IOSFODNN7EXAMPLE" + "')"), PatchRefusal.AddsSecret },
        { Good.Replace("check=False)", "check=False)  # «secret-1»"), PatchRefusal.MovesSecret },
        { Good.Replace("check=False)", "check=False)\u202e"), PatchRefusal.HiddenCharacters },
        { Good.Replace("check=False)", "check=False)\u200b"), PatchRefusal.HiddenCharacters },
        { Good.Replace("check=False)", "check=False)\u001b[2K"), PatchRefusal.HiddenCharacters },
        { Diff("@@ -6,1 +6,1 @@\n-    return name\n+    return name"), PatchRefusal.NothingChanged },
        { Diff("@@ -1,6 +0,0 @@\n-import os\n-\n-\n-def run(name):\n-    os.system('ls ' + name)\n-    return name"), PatchRefusal.EmptiesFile },
        { Diff("@@ -6,1 +6,62 @@\n     return name" + string.Concat(Enumerable.Repeat("\n+    pass", 61))), PatchRefusal.TooLarge },
        { Diff($"@@ -6,1 +6,2 @@\n     return name\n+#{new string('x', 33_000)}"), PatchRefusal.TooLarge },
    };

    [Theory, MemberData(nameof(Bad))]
    public void A_bad_patch_is_refused_for_what_is_bad_about_it(string answer, PatchRefusal refusal)
    {
        var reading = Read(answer);

        reading.Patch.ShouldBeNull();
        reading.Refusal.ShouldBe(refusal, reading.Message);
        reading.Message.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("def test_run():\n    assert run('a')\n", "@@ -1,2 +1,2 @@\n-def test_run():\n+def check_run():\n     assert run('a')")]
    [InlineData("#[test]\nfn runs() {}\n", "@@ -1,2 +1,1 @@\n-#[test]\n fn runs() {}")]
    [InlineData("  [Fact]\n  public void Runs() { }\n", "@@ -1,2 +1,1 @@\n-  [Fact]\n   public void Runs() { }")]
    public void A_test_in_any_file_is_left_alone(string source, string hunk) => Read(Diff(hunk), source).Refusal.ShouldBe(PatchRefusal.TouchesTests);

    [Fact]
    public void A_mark_for_a_checker_that_was_there_may_stay() =>
        Read(Diff("@@ -1,2 +1,3 @@\n-a = b()  # nosec\n+if c:\n+    a = b()  # nosec\n x = 1"), "a = b()  # nosec\nx = 1\n").Patch.ShouldNotBeNull();

    [Fact]
    public void Only_lines_that_were_shown_are_changed()
    {
        var source = SourceText.Parse(string.Join('\n', Enumerable.Range(1, 20).Select(line => $"line {line}")) + "\n");
        var file = new OfferedFile(Path, source, [.. source.Lines.Select(line => line.Text)], new SecretMask(), 5, 10);

        PatchReader.Read(Diff("@@ -10,1 +10,1 @@\n-line 10\n+other"), [file], Limits).Patch.ShouldNotBeNull();
        PatchReader.Read(Diff("@@ -11,1 +11,1 @@\n-line 11\n+other"), [file], Limits).Refusal.ShouldBe(PatchRefusal.DoesNotApply);
    }

    [Fact]
    public void A_diff_of_any_two_texts_applies_to_exactly_the_second() =>
        Prop.ForAll(Pairs.ToArbitrary(), static pair =>
        {
            var (old, now) = pair;
            var reading = Read(LineDiff.Write(old, now, context: 2), old, generous: true);
            return string.Equals(old, now, StringComparison.Ordinal)
                ? reading.Refusal is PatchRefusal.NothingChanged or PatchRefusal.Malformed
                : string.Equals(reading.Patch?.Files[0].Content, now, StringComparison.Ordinal)
                    || (reading.Refusal == PatchRefusal.EmptiesFile && string.IsNullOrWhiteSpace(now));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    /// <summary>A lost, doubled or altered line of a hunk is refused, or, where it is a line to be added, is what is added; the rest of the file is never hurt.</summary>
    [Fact]
    public void A_diff_with_a_line_lost_or_doubled_is_refused() =>
        Prop.ForAll(Gen.Zip(Pairs, Gen.Zip(Gen.Choose(0, 1_000), Gen.Elements(true, false))).ToArbitrary(), static input =>
        {
            var ((old, now), (at, doubled)) = input;
            var lines = LineDiff.Write(old, now, context: 2).Split('\n').ToList();
            var hunkLines = Enumerable.Range(0, lines.Count).Where(index => index > 2 && lines[index].Length > 0 && lines[index][0] is ' ' or '+' or '-').ToList();
            if (hunkLines.Count == 0)
            {
                return true;
            }

            var line = hunkLines[at % hunkLines.Count];
            if (doubled)
            {
                lines.Insert(line, lines[line]);
            }
            else
            {
                lines.RemoveAt(line);
            }

            return Read(string.Join('\n', lines), old, generous: true).Patch is null;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    [Fact]
    public void Whatever_the_answer_is_reading_it_throws_nothing()
    {
        var piece = Gen.Elements(
            "```diff\n", "```\n", "--- a/src/app.py\n", "+++ b/src/app.py\n", "@@ -1,6 +1,6 @@\n", "@@ -9999999,9999999 +1,0 @@\n", " import os\n", "-import os\n", "+import sys\n",
            "\\ No newline at end of file\n", "\n", "\r\n", "\ud800", "\0", "«secret-1»", "diff --git a/x b/x\n", "-", "+", " ", "```", "@@", "--- ", "é\n");

        Prop.ForAll(piece.ListOf().Select(static pieces => string.Concat(pieces)).ToArbitrary(), static answer =>
        {
            var (one, other) = (Read(answer), Read($"```diff\n--- a/src/app.py\n+++ b/src/app.py\n{answer}\n```"));
            return one.Patch is null != one.Refusal is null && other.Patch is null != other.Refusal is null;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
        Prop.ForAll<string?>(static answer => Read(answer ?? "") is not null).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public void Reading_takes_time_in_proportion_to_the_answer()
    {
        var units = new[] { "@@ -1,1 +1,1 @@\n", "```\n", "+pragma          ", "+«secret-1»", "+password = ", "\\\n", "a.b:", "--- a/x\n", "+'", "+[" };
        foreach (var unit in units)
        {
            var answer = $"```diff\n--- a/src/app.py\n+++ b/src/app.py\n@@ -1,1 +1,2 @@\n import os\n{string.Concat(Enumerable.Repeat(unit, 1_000_000 / unit.Length))}\n```";
            var limits = new PatchLimits(3, 1_000_000, 10_000_000);
            var time = System.Diagnostics.Stopwatch.StartNew();

            PatchReader.Read(answer, [OfferedFile.Whole(Path, Source)], limits);

            time.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(4), unit);
        }
    }

    private static Gen<(string Old, string Now)> Pairs
    {
        get
        {
            var line = Gen.Elements("", "a", "b", "c", "-a", "+b", " c", "@@ -1 +1 @@", "--- a/x", "```", "\\ x", "é", "a", "b");
            var text =
                from lines in line.NonEmptyListOf()
                from ending in Gen.Elements("\n", "")
                select string.Join('\n', lines) + ending;
            return from old in text.Where(static text => text.Length > 0)
                   from now in Gen.OneOf(text, text.Select(each => old + each), text.Select(each => each + old))
                   select (old, now);
        }
    }

    private static string Diff(string hunks) => $"```diff\n--- a/{Path}\n+++ b/{Path}\n{hunks}\n```";

    private static PatchReading Read(string answer, string source = Source, bool generous = false) =>
        PatchReader.Read(answer, [OfferedFile.Whole(Path, source)], generous ? new PatchLimits(3, 100_000, 10_000_000) : Limits);

    /// <summary>Writes unified diffs as <c>diff -u</c> does, from a longest common subsequence.</summary>
    private static class LineDiff
    {
        public static string Write(string old, string now, int context)
        {
            var (from, to) = (Lines(old), Lines(now));
            var script = Script(from, to);
            var hunks = new StringBuilder();
            for (var index = 0; index < script.Count;)
            {
                if (script[index].Kind == ' ')
                {
                    index++;
                    continue;
                }

                var first = Math.Max(0, index - context);
                var last = index;
                for (var ahead = index; ahead < script.Count && ahead <= last + (2 * context) + 1; ahead++)
                {
                    last = script[ahead].Kind == ' ' ? last : ahead;
                }

                // Without a line of the old text a hunk says nothing about where it belongs.
                while (script.Skip(first).Take(Math.Min(script.Count, last + context + 1) - first).All(static line => line.Kind == '+') && first > 0)
                {
                    first--;
                }

                var end = Math.Min(script.Count, last + context + 1);
                Write(hunks, script, first, end);
                index = end;
            }

            return $"```diff\n--- a/{Path}\n+++ b/{Path}\n{hunks}```";
        }

        private static void Write(StringBuilder text, List<(char Kind, string Line)> script, int first, int end)
        {
            var part = script.GetRange(first, end - first);
            var (oldBefore, newBefore) = (script.Take(first).Count(static line => line.Kind != '+'), script.Take(first).Count(static line => line.Kind != '-'));
            var (oldCount, newCount) = (part.Count(static line => line.Kind != '+'), part.Count(static line => line.Kind != '-'));
            text.Append(CultureInfo.InvariantCulture, $"@@ -{(oldCount == 0 ? oldBefore : oldBefore + 1)},{oldCount} +{(newCount == 0 ? newBefore : newBefore + 1)},{newCount} @@\n");
            foreach (var (kind, line) in part)
            {
                text.Append(kind).Append(line.TrimEnd('\n')).Append('\n').Append(line.EndsWith('\n') ? "" : "\\ No newline at end of file\n");
            }
        }

        private static string[] Lines(string text) => [.. SourceText.Parse(text).Lines.Select(static line => line.Text + line.Break)];

        private static List<(char Kind, string Line)> Script(string[] from, string[] to)
        {
            var lengths = new int[from.Length + 1, to.Length + 1];
            for (var i = from.Length - 1; i >= 0; i--)
            {
                for (var j = to.Length - 1; j >= 0; j--)
                {
                    lengths[i, j] = string.Equals(from[i], to[j], StringComparison.Ordinal) ? lengths[i + 1, j + 1] + 1 : Math.Max(lengths[i + 1, j], lengths[i, j + 1]);
                }
            }

            var script = new List<(char, string)>();
            var (one, other) = (0, 0);
            while (one < from.Length || other < to.Length)
            {
                if (one < from.Length && other < to.Length && string.Equals(from[one], to[other], StringComparison.Ordinal))
                {
                    script.Add((' ', from[one++]));
                    other++;
                }
                else if (one < from.Length && (other == to.Length || lengths[one + 1, other] >= lengths[one, other + 1]))
                {
                    script.Add(('-', from[one++]));
                }
                else
                {
                    script.Add(('+', to[other++]));
                }
            }

            return script;
        }
    }
}

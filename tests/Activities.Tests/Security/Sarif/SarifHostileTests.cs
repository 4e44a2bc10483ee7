using System.Text;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Sarif;
using AtomicDevOps.Activities.Tools;

using static AtomicDevOps.Activities.Tests.Security.Sarif.SarifText;

namespace AtomicDevOps.Activities.Tests.Security.Sarif;

public sealed class SarifHostileTests
{
    private const string Head = """{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"Tool"}},"results":[""";
    private const string Tail = "]}]}";

    [Fact]
    public void A_log_of_500_MB_with_a_million_results_is_read_in_bounded_memory_and_says_what_it_left_out()
    {
        const int Results = 1_000_000;
        var result = Encoding.UTF8.GetBytes(Result("src/app.py", $",\"properties\":{{\"padding\":\"{new string('x', 500 - Result("src/app.py").Length - 32)}\"}}") + "\n,");
        using var source = new GeneratedStream(Encoding.UTF8.GetBytes(Head), result, Results, Encoding.UTF8.GetBytes("{\"message\":{}}" + Tail));
        var before = GC.GetAllocatedBytesForCurrentThread();

        var report = SarifReader.Read(source, new SarifReaderOptions { MostResults = 10_000 }).ShouldHaveSingleItem();

        source.Given.ShouldBeGreaterThan(480_000_000);
        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.Findings.Count.ShouldBe(10_000);
        report.Reason.ShouldBe("990001 of its results are past what is read of a log.");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(200_000_000);
    }

    [Fact]
    public void A_text_of_400_MB_is_cut_and_what_follows_is_read()
    {
        var start = Encoding.UTF8.GetBytes(Head + """{"ruleId":"R1","message":{"text":"abc""");
        using var source = new GeneratedStream(start, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("\\\\\\\"\\u00e9é x", 10_000))), 2_500, Encoding.UTF8.GetBytes($"\"}},\"level\":\"error\"}},{Result("b.py")}{Tail}"));
        var before = GC.GetAllocatedBytesForCurrentThread();

        var findings = SarifReader.Read(source).ShouldHaveSingleItem().Findings;

        source.Given.ShouldBeGreaterThan(350_000_000);
        findings.Count.ShouldBe(2);
        findings[0].Severity.ShouldBe(FindingSeverity.High);
        findings[0].Message.Length.ShouldBe(4_000);
        findings[0].Message.ShouldStartWith("abc\\\"éé x");
        findings[1].Location.Path.ShouldBe("b.py");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(5_000_000);
    }

    [Fact]
    public void Many_long_texts_stop_at_the_limit_of_what_is_kept()
    {
        var result = Encoding.UTF8.GetBytes($$$"""{"ruleId":"R1","message":{"text":"{{{new string('x', 3_000)}}}"}},""");
        using var source = new GeneratedStream(Encoding.UTF8.GetBytes(Head), result, 5_000, Encoding.UTF8.GetBytes("{}" + Tail));

        var report = SarifReader.Read(source, new SarifReaderOptions { MostCharacters = 1_000_000 }).ShouldHaveSingleItem();

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        report.Findings.Count.ShouldBeInRange(300, 340);
    }

    [Fact]
    public void What_passes_the_limit_of_bytes_runs_or_levels_is_refused()
    {
        Error(Log("[]"), new SarifReaderOptions { MostBytes = 50 }).ShouldContain("more than 50 bytes");
        Error(Log("[{\"x\":" + new string('[', 100_000))).ShouldContain("64");
        Error(Log($"[{{\"properties\":{string.Concat(Enumerable.Repeat("{\"a\":", 100))}1{new string('}', 100)}}}]")).ShouldContain("64");
        Error($$$"""{"version":"2.1.0","runs":[{{{string.Join(',', Enumerable.Repeat("""{"tool":{"driver":{"name":"T"}},"results":[]}""", 101))}}}]}""").ShouldContain("more than 100 runs");
        Error(Log($"[{{\"ruleIndex\":{new string('1', 300_000)}}}]")).ShouldContain("token of more than");
    }

    [Theory]
    [InlineData("", "no SARIF")]
    [InlineData("[]", "The log is a list; right would be an object")]
    [InlineData("""{"version":"2.0.0","runs":[]}""", "Its version is 2.0.0; right would be 2.1.0")]
    [InlineData("""{"runs":[]}""", "Its version is missing")]
    [InlineData("""{"version":5,"runs":[]}""", "version is a number; right would be text")]
    [InlineData("""{"version":"2.1.0","runs":{}}""", "runs is an object; right would be a list")]
    [InlineData("""{"version":"2.1.0","runs":[5]}""", "A run is a number; right would be an object")]
    [InlineData("""{"version":"2.1.0","runs":[{"results":[]}]}""", "Run 1 does not name its tool")]
    [InlineData("""{"version":"2.1.0","runs":[{"results":[5]}]}""", "A result is a number; right would be an object")]
    [InlineData("""{"version":"2.1.0","runs":[{"results":[{"message":"x"}]}]}""", "A result's message is text; right would be an object")]
    [InlineData("""{"version":"2.1.0","runs":[{"results":[{"locations":[{"physicalLocation":{"region":{"startLine":"3"}}}]}]}]}""", "startLine is text; right would be a whole number")]
    [InlineData("""{"version":"2.1.0","runs":[{"results":[{"locations":[{"physicalLocation":{"region":{"startLine":99999999999}}}]}]}]}""", "startLine is a number; right would be a whole number")]
    [InlineData("""{"version":"2.1.0","runs":[]} x""", "no SARIF")]
    public void What_is_no_log_is_refused_and_told_why(string text, string part)
    {
        Error(text).ShouldContain(part);
    }

    [Fact]
    public void A_log_that_ends_anywhere_too_early_is_refused()
    {
        var whole = Log($"[{Result("a.py")}]", ""","rules":[{"id":"R1"}]""");

        for (var length = 0; length < whole.Length; length++)
        {
            Should.Throw<FormatException>(() => Read(whole[..length]), whole[..length]);
        }

        Read(whole).ShouldHaveSingleItem();
    }

    [Fact]
    public void Of_members_that_occur_twice_the_last_counts_and_lists_are_added_up()
    {
        var twice = $$$"""{"version":"1","version":"2.1.0","runs":[{"tool":{"driver":{"name":"A","name":"B"}},"results":[{{{Result("a.py")}}}],"results":[{{{Result("b.py")}}}]}]}""";
        var findings = Read(twice).ShouldHaveSingleItem().Findings;

        findings.Select(finding => (finding.Location.Path, finding.Evidence[0].Tool)).ShouldBe([("a.py", "B"), ("b.py", "B")]);
    }

    [Theory]
    [InlineData("utf-8", true)]
    [InlineData("utf-16", true)]
    [InlineData("utf-16", false)]
    [InlineData("utf-16BE", true)]
    [InlineData("utf-16BE", false)]
    public void Other_encodings_and_byte_order_marks_are_understood(string name, bool mark)
    {
        var encoding = Encoding.GetEncoding(name);
        byte[] bytes = [.. mark ? encoding.GetPreamble() : [], .. encoding.GetBytes(Log($"[{Result("é/日本.py")}]"))];

        SarifReader.Read(new MemoryStream(bytes)).ShouldHaveSingleItem().Findings.ShouldHaveSingleItem().Location.Path.ShouldBe("é/日本.py");
    }

    [Fact]
    public void A_source_that_gives_a_byte_at_a_time_reads_the_same()
    {
        using var source = new GeneratedStream(Encoding.UTF8.GetBytes(Log($"[{Result("a.py")},{Result("b.py")}]")), [], 0, []) { AtOnce = 1 };

        SarifReader.Read(source).ShouldHaveSingleItem().Findings.Select(finding => finding.Location.Path).ShouldBe(["a.py", "b.py"]);
    }

    private static string Error(string text, SarifReaderOptions? options = null) => Should.Throw<FormatException>(() => Read(text, options)).Message;

    /// <summary>A start, a part that is repeated, and an end, without ever being whole in memory.</summary>
    private sealed class GeneratedStream(byte[] start, byte[] part, int times, byte[] end) : ReadOnlyStream
    {
        private byte[] _current = start;
        private int _position;
        private int _parts;
        private bool _isEnding;

        public long Given { get; private set; }

        public int AtOnce { get; init; } = int.MaxValue;

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var given = 0;
            while (given < Math.Min(buffer.Length, AtOnce))
            {
                if (_position == _current.Length)
                {
                    if (_isEnding)
                    {
                        break;
                    }

                    _isEnding = _parts == times;
                    _current = _isEnding ? end : part;
                    _parts++;
                    _position = 0;
                    continue;
                }

                var length = Math.Min(Math.Min(buffer.Length, AtOnce) - given, _current.Length - _position);
                _current.AsSpan(_position, length).CopyTo(buffer[given..]);
                _position += length;
                given += length;
            }

            Given += given;
            return given;
        }
    }
}

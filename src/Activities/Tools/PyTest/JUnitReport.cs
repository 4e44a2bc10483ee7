using System.Globalization;
using System.Text;
using System.Xml;

namespace AtomicDevOps.Activities.Tools.PyTest;

/// <summary>What pytest's <c>--junitxml</c> says, in its families xunit1 and xunit2.</summary>
/// <param name="Problems">At most <see cref="MaxProblems"/>, in the report's order.</param>
internal sealed record JUnitReport(PyTestCounts Counts, IReadOnlyList<JUnitProblem> Problems)
{
    public const int MaxProblems = 200;
    private const int MaxTextLength = 64 * 1024;

    /// <exception cref="ReportFormatException">The document is no JUnit report.</exception>
    public static JUnitReport Parse(byte[] document) => ReportXml.Read(document, "JUnit report", Read);

    private static JUnitReport Read(XmlReader reader)
    {
        int total = 0, failed = 0, errors = 0, skipped = 0;
        var problems = new List<JUnitProblem>();
        TestCase? current = null;
        var sawRoot = false;
        while (reader.Read())
        {
            if (reader.NodeType != XmlNodeType.Element)
            {
                continue;
            }

            if (!sawRoot && reader.LocalName is not ("testsuites" or "testsuite"))
            {
                throw new ReportFormatException($"The JUnit report begins with <{reader.LocalName}>; it must begin with <testsuites> or <testsuite>.");
            }

            sawRoot = true;
            switch (reader.LocalName)
            {
                case "testcase":
                    total++;
                    current = new TestCase(
                        reader.GetAttribute("classname") ?? "",
                        reader.GetAttribute("name") ?? "",
                        reader.GetAttribute("file"),
                        int.TryParse(reader.GetAttribute("line"), NumberStyles.None, CultureInfo.InvariantCulture, out var line) ? line : null);
                    break;
                case "failure" when current is not null:
                    failed++;
                    AddProblem(isError: false);
                    break;
                case "error" when current is not null:
                    errors++;
                    AddProblem(isError: true);
                    break;
                case "skipped" when current is not null:
                    skipped++;
                    break;
            }
        }

        if (!sawRoot)
        {
            throw new ReportFormatException("The JUnit report is empty.");
        }

        return new JUnitReport(new PyTestCounts(total, Math.Max(0, total - failed - errors - skipped), failed, errors, skipped), problems);

        void AddProblem(bool isError)
        {
            var message = reader.GetAttribute("message") ?? "";
            var text = ReadText(reader);
            if (problems.Count < MaxProblems)
            {
                problems.Add(new JUnitProblem(current!.ClassName, current.Name, current.File, current.Line, isError, message, text));
            }
        }
    }

    /// <summary>The text of the current element up to the limit; leaves the reader on its end.</summary>
    private static string ReadText(XmlReader reader)
    {
        if (reader.IsEmptyElement)
        {
            return "";
        }

        var text = new StringBuilder();
        var depth = reader.Depth;
        while (reader.Read() && reader.Depth > depth)
        {
            if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace)
            {
                text.Append(reader.Value);
            }
        }

        // Both ends matter: the first lines name the test, the last ones the error.
        return text.Length <= MaxTextLength
            ? text.ToString()
            : string.Concat(text.ToString(0, MaxTextLength / 2), "\n…\n", text.ToString(text.Length - MaxTextLength / 2, MaxTextLength / 2));
    }

    private sealed record TestCase(string ClassName, string Name, string? File, int? Line);
}

/// <param name="Line">From 0 on, as pytest writes it.</param>
/// <param name="IsError">Not the test itself failed, but its collection or its fixtures.</param>
internal sealed record JUnitProblem(string ClassName, string Name, string? File, int? Line, bool IsError, string Message, string Text);

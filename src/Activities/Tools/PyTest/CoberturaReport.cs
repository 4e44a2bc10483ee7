using System.Globalization;
using System.Xml;

namespace AtomicDevOps.Activities.Tools.PyTest;

/// <summary>What coverage.py's XML report (Cobertura's format) says about lines.</summary>
internal static class CoberturaReport
{
    private const int MaxLeastCovered = 10;

    /// <exception cref="ReportFormatException">The document is no Cobertura report.</exception>
    public static PyTestCoverage Parse(byte[] document, double? threshold) => ReportXml.Read(document, "coverage report", reader => Read(reader, threshold));

    private static PyTestCoverage Read(XmlReader reader, double? threshold)
    {
        var files = new Dictionary<string, (int Lines, int Missed)>(StringComparer.Ordinal);
        string? file = null;
        var sawRoot = false;
        var methodsDepth = -1;
        while (reader.Read())
        {
            if (methodsDepth >= 0 && reader.Depth <= methodsDepth)
            {
                methodsDepth = -1;
            }

            if (reader.NodeType != XmlNodeType.Element)
            {
                continue;
            }

            if (!sawRoot && reader.LocalName is not "coverage")
            {
                throw new ReportFormatException($"The coverage report begins with <{reader.LocalName}>; it must begin with <coverage>.");
            }

            sawRoot = true;
            switch (reader.LocalName)
            {
                case "class":
                    file = reader.GetAttribute("filename") ?? throw new ReportFormatException("A <class> of the coverage report has no filename.");
                    files.TryAdd(file, (0, 0));
                    break;
                case "methods" when !reader.IsEmptyElement:
                    methodsDepth = reader.Depth;
                    break;
                case "line" when file is not null && methodsDepth < 0:
                    var (lines, missed) = files[file];
                    if (!long.TryParse(reader.GetAttribute("hits"), NumberStyles.None, CultureInfo.InvariantCulture, out var hits))
                    {
                        throw new ReportFormatException($"A line of '{file}' in the coverage report has no number of hits.");
                    }

                    files[file] = (lines + 1, missed + (hits == 0 ? 1 : 0));
                    break;
            }
        }

        if (!sawRoot)
        {
            throw new ReportFormatException("The coverage report is empty.");
        }

        var all = files.Values.Sum(counts => counts.Lines);
        var rate = all == 0 ? 1 : 1 - (double)files.Values.Sum(counts => counts.Missed) / all;
        var least = files
            .Where(entry => entry.Value.Missed > 0)
            .Select(entry => new FileCoverage(entry.Key, 1 - (double)entry.Value.Missed / entry.Value.Lines, entry.Value.Missed))
            .OrderBy(entry => entry.LineRate)
            .ThenByDescending(entry => entry.MissedLines)
            .ThenBy(entry => entry.File, StringComparer.Ordinal)
            .Take(MaxLeastCovered);
        return new PyTestCoverage(rate, threshold, [.. least]);
    }
}

using System.Text;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Sarif;

namespace AtomicDevOps.Activities.Tests.Security.Sarif;

internal static class SarifText
{
    public static IReadOnlyList<ScanReport> Read(string text, SarifReaderOptions? options = null) => SarifReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), options);

    /// <summary>A log of one run of a tool called Tool.</summary>
    public static string Log(string results, string driver = "", string run = "") =>
        $$$"""{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"Tool","semanticVersion":"1.2.3"{{{driver}}}}}{{{run}}},"results":{{{results}}}}]}""";

    public static string Result(string uri, string more = "") =>
        $$$$"""{"ruleId":"R1","message":{"text":"Wrong."},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"{{{{uri}}}}"},"region":{"startLine":3}}}]{{{{more}}}}}""";

    public static Finding One(string text, SarifReaderOptions? options = null) => Read(text, options).ShouldHaveSingleItem().Findings.ShouldHaveSingleItem();
}

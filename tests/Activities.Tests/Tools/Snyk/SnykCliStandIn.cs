using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Tests.Support;

namespace AtomicDevOps.Activities.Tests.Tools.Snyk;

/// <summary>An installation of the program <c>snyk</c> beside this file, with a plan of its own.</summary>
internal sealed class SnykCliStandIn
{
    private readonly string _directory;

    public SnykCliStandIn(TemporaryDirectory directory)
    {
        Guard.NeedsLinux();
        _directory = Directory.CreateDirectory(directory.Combine("bin")).FullName;
        File.Copy(SourceFile(), Executable);
        Plan();
    }

    public string Executable => Path.Combine(_directory, "snyk");

    public IReadOnlyList<SnykCall> Calls => File.Exists(CallsFile)
        ? [.. File.ReadLines(CallsFile).Select(line => JsonSerializer.Deserialize<SnykCall>(line, JsonSerializerOptions.Web)!)]
        : [];

    private string CallsFile => Path.Combine(_directory, "invocations.jsonl");

    /// <summary>
    /// How every test goes from now on: <c>slow</c>, <c>exit</c>, <c>says</c>, <c>written</c>; <c>sink</c> for a text on lines that <c>code test</c> finds; and
    /// <c>packages</c>, what <c>test</c> says of each <c>name==version</c> in requirements.txt; <c>fails-with</c>, a text in a tree that cannot be tested.
    /// </summary>
    public void Plan(params (string Name, JsonNode Value)[] day)
    {
        var plan = new JsonObject { ["token"] = SnykStandIn.Token };
        foreach (var (name, value) in day)
        {
            plan[name] = value;
        }

        File.WriteAllText(Path.Combine(_directory, "plan.json"), plan.ToJsonString());
    }

    private static string SourceFile([CallerFilePath] string file = "") => Path.Combine(Path.GetDirectoryName(file)!, "snyk");
}

internal sealed record SnykCall(IReadOnlyList<string> Arguments, string Directory, IReadOnlyDictionary<string, string> Environment);

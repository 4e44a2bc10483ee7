using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Tests.Support;

namespace AtomicDevOps.Activities.Tests.Tools.CodeQl;

/// <summary>An installation of the program <c>codeql</c> beside this file, which says what version it speaks, with a plan of its own.</summary>
internal sealed class CodeQlStandIn
{
    public const string Version = "2.23.1";

    private readonly string _directory;
    private readonly JsonObject _plan = [];

    public CodeQlStandIn(TemporaryDirectory directory)
    {
        Guard.NeedsProgram("/usr/bin/env");
        _directory = Directory.CreateDirectory(directory.Combine("codeql-bundle")).FullName;
        File.Copy(SourceFile(), Executable);
        Write();
    }

    public string Executable => Path.Combine(_directory, "codeql");

    public IReadOnlyList<CodeQlCall> Calls => File.Exists(CallsFile)
        ? [.. File.ReadLines(CallsFile).Select(line => JsonSerializer.Deserialize<CodeQlCall>(line, JsonSerializerOptions.Web)!)]
        : [];

    private string CallsFile => Path.Combine(_directory, "invocations.jsonl");

    /// <summary>How the calls of a command go from now on: <c>slow</c>, <c>exit</c>, <c>says</c>, <c>answer</c>, <c>version</c>, <c>sarif</c>, <c>written</c>, <c>source</c>, <c>sink</c>.</summary>
    public void Plan(string command, params (string Name, JsonNode Value)[] day)
    {
        _plan[command] = new JsonObject(day.Select(pair => KeyValuePair.Create(pair.Name, (JsonNode?)pair.Value)));
        Write();
    }

    /// <summary>Looks for a text in the arguments and the environment of every call.</summary>
    public void LookFor(string secret)
    {
        _plan["secret"] = secret;
        Write();
    }

    private void Write() => File.WriteAllText(Path.Combine(_directory, "plan.json"), _plan.ToJsonString());

    private static string SourceFile([CallerFilePath] string file = "") => Path.Combine(Path.GetDirectoryName(file)!, "codeql");
}

internal sealed record CodeQlCall(string Command, IReadOnlyList<string> Arguments, string Directory, IReadOnlyList<string> Environment, bool Secrets);

using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AtomicDevOps.EmbeddedHost.Commands;
using AtomicDevOps.EmbeddedHost.Tests.Triggers;
using Microsoft.Extensions.Configuration;

namespace AtomicDevOps.EmbeddedHost.Tests.Commands;

/// <summary>What a command wrote, and its exit code.</summary>
/// <param name="Output">Without the codes for colours.</param>
internal sealed partial record CommandResult(int ExitCode, string Output, string Error)
{
    [GeneratedRegex("\u001b\\[[0-9;]*m", RegexOptions.NonBacktracking)]
    public static partial Regex Colours { get; }

    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public JsonNode Json => JsonNode.Parse(Output)!;
}

/// <summary>Gives commands as a person or a script at a shell would.</summary>
internal sealed class Operator(string dataDirectory, TimeProvider? clock = null)
{
    /// <summary>The terminal's width; null for a pipe.</summary>
    public int? Width { get; init; }

    /// <summary>What the person types; null if nobody is there.</summary>
    public string? Answers { get; init; }

    public string DurableKey { get; init; } = FunctionsTestHost.DurableKey;

    public async Task<CommandResult> RunAsync(params string[] args)
    {
        var output = new StringWriter(CultureInfo.InvariantCulture);
        var error = new StringWriter(CultureInfo.InvariantCulture);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Host:DataDirectory"] = dataDirectory,
            ["Host:Keys:durabletask_extension"] = DurableKey,
        }).Build();
        var code = await InstancesCommand.RunAsync(
            args,
            configuration,
            dataDirectory,
            new CommandOutput(output, error, Width, Answers is null ? null : new StringReader(Answers)),
            clock ?? TimeProvider.System,
            TestContext.Current.CancellationToken);
        var result = new CommandResult(code, CommandResult.Colours.Replace(output.ToString(), ""), error.ToString());
        (result.Output + result.Error).ShouldNotContain(FunctionsTestHost.DurableKey);
        return result;
    }

    /// <summary>The output of a command that succeeds.</summary>
    public async Task<CommandResult> SucceedAsync(params string[] args)
    {
        var result = await RunAsync(args);
        result.ExitCode.ShouldBe(0, result.Error);
        return result;
    }

    /// <summary>The message of a command that does not.</summary>
    public async Task<string> FailAsync(int exitCode, params string[] args)
    {
        var result = await RunAsync(args);
        result.ExitCode.ShouldBe(exitCode, result.Output + result.Error);
        return result.Error;
    }
}

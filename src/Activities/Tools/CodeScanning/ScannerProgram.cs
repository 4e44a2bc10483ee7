using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Processes;

namespace AtomicDevOps.Activities.Tools.CodeScanning;

/// <summary>What tells one scanner's program from another's.</summary>
/// <param name="Tool">The wrapper's name, as in the catalogue.</param>
/// <param name="Name">The scanner's name for people.</param>
/// <param name="InstallHint">What to do where it is missing: one sentence.</param>
/// <param name="ReadVersion">The version as people know it, from the first line that <c>--version</c> prints.</param>
internal sealed record ScannerProduct(string Tool, string Name, string InstallHint, Func<string, string> ReadVersion)
{
    /// <summary>The exit code that says that it found something, beside 0.</summary>
    public int? FoundSomething { get; init; }
}

/// <summary>A scanner's program on this machine: its version, asked for until there is one, and its runs, which need one.</summary>
internal sealed class ScannerProgram(IProcessRunner processes, ScannerProduct product, string program, TimeSpan timeout)
{
    private readonly ScannerProcess _process = new(processes, product.Tool, product.Name, product.InstallHint);
    private string? _version;

    /// <returns>Null where it is missing.</returns>
    public async Task<string?> FindVersionAsync(CancellationToken cancellationToken) =>
        _version ??= await _process.AskVersionAsync(program, "--version", cancellationToken) is { } line ? product.ReadVersion(line) : null;

    /// <param name="read">Reads the JSON that the program printed.</param>
    /// <returns>Not checked, with the reason, where the program is missing, fails or takes too long.</returns>
    public async Task<ScanReport> RunAsync(
        IReadOnlyList<string> arguments, string workingDirectory, Func<JsonElement, ScanReport> read, CancellationToken cancellationToken)
    {
        if (await FindVersionAsync(cancellationToken) is not { } version)
        {
            return _process.NotChecked($"{product.Name} is not installed. {product.InstallHint}");
        }

        var report = await _process.RunAsync(
            program, arguments, workingDirectory, timeout, read, code => code == 0 || code == product.FoundSomething, cancellationToken);
        return report with { ToolVersion = version };
    }
}

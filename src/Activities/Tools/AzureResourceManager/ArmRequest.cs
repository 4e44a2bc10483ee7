using System.Text.Json;
using AtomicDevOps.Activities.Tools.Logs;
using Azure.Core;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

/// <param name="Path">The path below the base address, each part escaped.</param>
/// <param name="ApiVersion">The version of the resource provider's API.</param>
internal sealed record ArmRequest(RequestMethod Method, string Path, string ApiVersion)
{
    /// <summary>Further parameters, each escaped, for example <c>&amp;$top=5</c>.</summary>
    public string Query { get; init; } = "";

    public object? Body { get; init; }

    /// <summary>Whether sending it again does no harm.</summary>
    public bool IsRepeatable { get; init; } = true;

    /// <summary>Knows secrets that the request holds and the configuration does not, to take them out of what Azure says about it.</summary>
    public SecretRedactor? Redactor { get; init; }

    public override string ToString() => $"{Method} {Path}";
}

/// <summary>An answer that is no refusal.</summary>
/// <param name="Body">The content as JSON; undefined where there is none.</param>
/// <param name="OperationAddress">Where to ask how the operation goes that the request began.</param>
/// <param name="ResultAddress">Where its result will be.</param>
/// <param name="RetryAfter">When to ask.</param>
internal sealed record ArmAnswer(int Status, JsonElement Body, Uri? OperationAddress, Uri? ResultAddress, TimeSpan? RetryAfter);

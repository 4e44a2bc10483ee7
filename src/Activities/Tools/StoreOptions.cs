using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools;

/// <summary>Where something is kept: in a directory of this machine, or in a container of blobs, which every instance sees.</summary>
public abstract class StoreOptions
{
    /// <summary>The directory, relative to the current one; without it and <see cref="Container"/> one below <c>.data</c>.</summary>
    public string? Directory { get; set; }

    /// <summary>The https address of the blob container; http on loopback, for Azurite.</summary>
    public string? Container { get; set; }

    internal string DirectoryOrDefault => Directory ?? DefaultDirectory;

    private protected abstract string DefaultDirectory { get; }
}

/// <param name="section">The configuration section, for messages.</param>
internal sealed class StoreOptionsValidator<TOptions>(string section) : IValidateOptions<TOptions>
    where TOptions : StoreOptions
{
    public ValidateOptionsResult Validate(string? name, TOptions options) =>
        FindProblem(options) is { } problem ? ValidateOptionsResult.Fail(problem) : ValidateOptionsResult.Success;

    private string? FindProblem(TOptions options) => options switch
    {
        { Directory.Length: > 0, Container: not null } => $"{section}:Directory and {section}:Container are both set; keep the one that is to be used.",
        { Container: { } container } => Blobs.BlobContainerAddress.FindProblem($"{section}:Container", container),
        _ when string.IsNullOrWhiteSpace(options.DirectoryOrDefault) =>
            $"{section}:Directory is empty; it must be the path of a directory, for example .data/{section.ToLowerInvariant()}.",
        _ => WritableDirectory.IsUsable(options.DirectoryOrDefault) ? null : WritableDirectory.Problem($"{section}:Directory"),
    };
}

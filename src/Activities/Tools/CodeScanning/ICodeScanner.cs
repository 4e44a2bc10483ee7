using AtomicDevOps.Activities.Security;

namespace AtomicDevOps.Activities.Tools.CodeScanning;

/// <summary>A scanner that reads files on disk, and runs nothing of what they hold.</summary>
public interface ICodeScanner
{
    /// <summary>The name for people, as in <see cref="ScanReport.Tool"/>.</summary>
    string Name { get; }

    /// <summary>Whether it has something to say of a file by that name.</summary>
    /// <param name="path">From the tree's root, with <c>/</c>.</param>
    bool LooksAt(string path);

    /// <summary>The installed version, with all that makes it report otherwise than another installation: part of cache keys. Null where it is missing.</summary>
    Task<ScannerVersion?> FindVersionAsync(CancellationToken cancellationToken);

    /// <summary>Scans everything below a directory, whatever ignore files and comments in there ask for. Paths in the findings begin at it.</summary>
    /// <returns>A scanner that is missing, fails or takes too long is <see cref="ScanOutcome.NotChecked"/> with the reason; nothing of that is thrown.</returns>
    Task<ScanReport> ScanAsync(string directory, CancellationToken cancellationToken);
}

/// <param name="Text">As people know it.</param>
/// <param name="Blind">Rules that this installation is known not to recognise, although it has them.</param>
public sealed record ScannerVersion(string Text, IReadOnlyList<string> Blind)
{
    /// <summary>Tells versions apart in cache keys.</summary>
    public string Key => string.Join('+', [Text, .. Blind.Select(static rule => $"without-{rule}")]);
}

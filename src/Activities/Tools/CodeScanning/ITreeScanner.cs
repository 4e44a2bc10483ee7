using AtomicDevOps.Activities.Security;

namespace AtomicDevOps.Activities.Tools.CodeScanning;

/// <summary>A scanner that follows data from file to file, and so has to see all of one commit at once. It is asked only where somebody wants it.</summary>
public interface ITreeScanner
{
    /// <summary>The name for people, as in <see cref="ScanReport.Tool"/>.</summary>
    string Name { get; }

    /// <summary>Whether the settings ask for it. One that they do not ask for is neither run nor missed.</summary>
    bool IsEnabled { get; }

    /// <summary>Whether it has something to say of a file by that name: a change without such a file is none of its business.</summary>
    /// <param name="path">From the tree's root, with <c>/</c>.</param>
    bool LooksAt(string path);

    /// <summary>The installed version, with all that makes it report otherwise than another installation: part of cache keys. Null where it is missing.</summary>
    Task<ScannerVersion?> FindVersionAsync(CancellationToken cancellationToken);

    /// <summary>Scans the tree of one commit, whatever comments in there ask for. Paths in the findings begin at the directory.</summary>
    /// <returns>A scanner that is missing, fails or takes too long is <see cref="ScanOutcome.NotChecked"/> with the reason; nothing of that is thrown.</returns>
    Task<TreeScan> ScanAsync(string directory, CancellationToken cancellationToken);
}

/// <param name="IsFinal">Whether the same files would have the same report another time: not where it ran out of time, or where its rules are elsewhere and change.</param>
public sealed record TreeScan(ScanReport Report, bool IsFinal);

using System.Formats.Tar;

namespace AtomicDevOps.Activities.Tools.Artifacts;

/// <summary>Unpacks a tree's archive so that nothing can come to lie, or point, outside of the directory.</summary>
internal static class WorkspaceUnpacker
{
    private const string Tool = "Artifacts";

    /// <exception cref="ToolException">The archive is damaged, or an entry is not a plain file, directory or link inside of the tree.</exception>
    public static Task UnpackAsync(Stream archive, string directory, CancellationToken cancellationToken) =>
        UnpackAsync(archive, directory, static _ => true, cancellationToken);

    /// <param name="isWanted">Asked with the path of every file and link from the tree's root, parted by <c>/</c>.</param>
    /// <exception cref="ToolException">The archive is damaged, or an entry is not a plain file, directory or link inside of the tree.</exception>
    public static async Task UnpackAsync(Stream archive, string directory, Func<string, bool> isWanted, CancellationToken cancellationToken)
    {
        var root = Path.GetFullPath(directory);
        var links = new List<(string Path, string Target)>();
        try
        {
            await using var reader = new TarReader(archive, leaveOpen: true);
            while (await reader.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
            {
                if (entry.EntryType is TarEntryType.GlobalExtendedAttributes)
                {
                    continue;
                }

                var path = Resolve(root, entry.Name);
                switch (entry.EntryType)
                {
                    case TarEntryType.Directory:
                        Directory.CreateDirectory(path);
                        break;
                    case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.SymbolicLink when !isWanted(entry.Name):
                        break;
                    case TarEntryType.RegularFile or TarEntryType.V7RegularFile:
                        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                        await WriteFileAsync(entry, path, cancellationToken);
                        break;
                    case TarEntryType.SymbolicLink:
                        links.Add((path, entry.LinkName));
                        break;
                    default:
                        throw Unsafe($"the entry '{entry.Name}' is a {entry.EntryType}");
                }
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new ToolException(Tool, $"The workspace's archive is damaged: {exception.Message}", exception);
        }

        var targets = links.ToDictionary(link => Path.GetRelativePath(root, link.Path), link => link.Target, StringComparer.Ordinal);
        if (SymbolicLinks.FindEscape(targets) is { } escaping)
        {
            throw Unsafe($"the link '{escaping}' points out of the tree");
        }

        // Links come last, so that no file can be written through one.
        foreach (var (path, target) in links)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.CreateSymbolicLink(path, target);
        }
    }

    private static async Task WriteFileAsync(TarEntry entry, string path, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = entry.Mode.HasFlag(UnixFileMode.UserExecute)
                ? UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                : UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using var file = new FileStream(path, options);
        if (entry.DataStream is { } data)
        {
            await data.CopyToAsync(file, cancellationToken);
        }
    }

    private static string Resolve(string root, string name)
    {
        var path = Path.GetFullPath(Path.Combine(root, name));
        return !Path.IsPathRooted(name) && !name.Split('/').Contains("..", StringComparer.Ordinal) && IsInside(root, path)
            ? path.TrimEnd('/')
            : throw Unsafe($"the entry '{name}' lies outside of the tree");
    }

    private static bool IsInside(string root, string path) =>
        string.Equals(path.TrimEnd('/'), root, StringComparison.Ordinal) || path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static ToolException Unsafe(string problem) => new(Tool, $"The workspace's archive is not safe to unpack: {problem}.");
}

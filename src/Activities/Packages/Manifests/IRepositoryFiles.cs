namespace AtomicDevOps.Activities.Packages.Manifests;

/// <summary>The files of one commit.</summary>
public interface IRepositoryFiles
{
    /// <summary>Every file's path from the repository's root, with <c>/</c>, without a leading one.</summary>
    IReadOnlyCollection<string> Paths { get; }

    /// <summary>The file's bytes; null where there is no such file, or it has more than <paramref name="mostBytes"/>.</summary>
    byte[]? Read(string path, int mostBytes);
}

/// <summary>Files that are at hand in memory.</summary>
public sealed class InMemoryRepositoryFiles(IReadOnlyDictionary<string, byte[]> files) : IRepositoryFiles
{
    public IReadOnlyCollection<string> Paths { get; } = [.. files.Keys];

    /// <summary>Files in UTF-8.</summary>
    public static InMemoryRepositoryFiles OfText(IEnumerable<KeyValuePair<string, string>> files) =>
        new(files.ToDictionary(static file => file.Key, static file => System.Text.Encoding.UTF8.GetBytes(file.Value), StringComparer.Ordinal));

    public byte[]? Read(string path, int mostBytes) => files.TryGetValue(path, out var bytes) && bytes.Length <= mostBytes ? bytes : null;
}

/// <summary>The files below a directory. Links are not followed, and <c>.git</c> and the directories of installed packages are left out.</summary>
public sealed class DirectoryRepositoryFiles : IRepositoryFiles
{
    private static readonly string[] LeftOut = [".git", "node_modules", ".venv", "site-packages"];

    private readonly string _directory;
    private readonly HashSet<string> _paths;

    /// <exception cref="IOException">The directory cannot be read.</exception>
    public DirectoryRepositoryFiles(string directory)
    {
        _directory = directory;
        _paths = Find(new DirectoryInfo(directory), string.Empty).ToHashSet(StringComparer.Ordinal);
    }

    public IReadOnlyCollection<string> Paths => _paths;

    public byte[]? Read(string path, int mostBytes)
    {
        if (!_paths.Contains(path))
        {
            return null;
        }

        using var stream = File.OpenRead(Path.Combine(_directory, path));
        if (stream.Length > mostBytes)
        {
            return null;
        }

        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static IEnumerable<string> Find(DirectoryInfo directory, string prefix)
    {
        foreach (var entry in directory.EnumerateFileSystemInfos())
        {
            if (entry.LinkTarget is not null)
            {
                continue;
            }

            if (entry is not DirectoryInfo inner)
            {
                yield return prefix + entry.Name;
            }
            else if (!LeftOut.Contains(entry.Name, StringComparer.Ordinal))
            {
                foreach (var path in Find(inner, $"{prefix}{entry.Name}/"))
                {
                    yield return path;
                }
            }
        }
    }
}

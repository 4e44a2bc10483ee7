using System.Globalization;
using AtomicDevOps.Activities.Packages.Manifests.Text;

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
    /// <summary>How many files there may be, unless another number is given.</summary>
    public const int MostFiles = 500_000;

    /// <summary>How many directories there may be in one another.</summary>
    public const int MostLevels = 128;

    private static readonly string[] LeftOut = [".git", "node_modules", ".venv", "site-packages"];

    private readonly string _directory;
    private readonly HashSet<string> _paths;

    /// <exception cref="IOException">The directory cannot be read, or has more files or levels than are read; the message says which.</exception>
    public DirectoryRepositoryFiles(string directory, int mostFiles = MostFiles)
    {
        _directory = directory;
        _paths = Find(new DirectoryInfo(directory), string.Empty, level: 0).Take(mostFiles + 1).ToHashSet(StringComparer.Ordinal);
        if (_paths.Count > mostFiles)
        {
            throw new IOException($"The repository has more than {mostFiles.ToString(CultureInfo.InvariantCulture)} files; no more are looked at. Right would be a repository without what was built or installed.");
        }
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

    private static IEnumerable<string> Find(DirectoryInfo directory, string prefix, int level)
    {
        if (level > MostLevels)
        {
            throw new IOException($"'{ManifestText.Shortened(prefix)}' and what is in it has more than {MostLevels.ToString(CultureInfo.InvariantCulture)} levels of directories; no more are looked at.");
        }

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
                foreach (var path in Find(inner, $"{prefix}{entry.Name}/", level + 1))
                {
                    yield return path;
                }
            }
        }
    }
}

using System.Globalization;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>The data directory cannot be used: not writable, in use by another process, or made by a newer program.</summary>
public sealed class DataDirectoryException : IOException
{
    public DataDirectoryException(string message)
        : base(message)
    {
    }

    public DataDirectoryException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A data directory that this process holds alone until disposed.</summary>
internal sealed class DataDirectory : IDisposable
{
    public const string DatabaseFileName = "durable.db";

    private const string LockFileName = "host.lock";
    private const string OwnerFileName = "host.owner";

    /// <summary>ERROR_SHARING_VIOLATION.</summary>
    private const int SharingViolation = unchecked((int)0x80070020);

    /// <summary>EWOULDBLOCK.</summary>
    private const int WouldBlockOnLinux = 11;

    /// <inheritdoc cref="WouldBlockOnLinux"/>
    private const int WouldBlockOnMacOS = 35;

    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream heldLock)
    {
        Path = path;
        _lock = heldLock;
    }

    public string Path { get; }

    public string DatabasePath => System.IO.Path.Combine(Path, DatabaseFileName);

    /// <exception cref="DataDirectoryException">Not writable, or another process has it.</exception>
    public static DataDirectory Acquire(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(path);
            var held = TryLock(System.IO.Path.Combine(path, LockFileName))
                ?? throw new DataDirectoryException(
                    $"Data directory '{path}' is in use by {ReadOwner(path)}. One process at a time can use it: stop that one, or set another directory.");
            WriteOwner(path);
            return new DataDirectory(path, held);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or (IOException and not DataDirectoryException))
        {
            throw NotWritable(path, exception);
        }
    }

    /// <summary>The process that holds a directory, as the message of a refusal names it; null if none does.</summary>
    /// <exception cref="UnauthorizedAccessException">This process may not look.</exception>
    /// <exception cref="DataDirectoryException">Nobody can: it is read-only, for instance.</exception>
    public static string? FindOwner(string path)
    {
        var file = System.IO.Path.Combine(path, LockFileName);
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            using var free = TryLock(file);
            return free is null ? ReadOwner(path) : null;
        }
        catch (IOException exception)
        {
            throw NotWritable(path, exception);
        }
    }

    public void Dispose() => _lock.Dispose();

    private static DataDirectoryException NotWritable(string path, Exception exception) => new(
        $"Data directory '{path}' cannot be written ({exception.Message}). Give this process write access, or set another directory.", exception);

    private static FileStream? TryLock(string file)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception.HResult is SharingViolation or WouldBlockOnLinux or WouldBlockOnMacOS)
        {
            return null;
        }
    }

    private static void WriteOwner(string path) => File.WriteAllText(
        System.IO.Path.Combine(path, OwnerFileName),
        string.Create(
            CultureInfo.InvariantCulture,
            $"process {Environment.ProcessId} ({System.IO.Path.GetFileName(Environment.ProcessPath)}) on {Environment.MachineName}"));

    private static string ReadOwner(string path)
    {
        var file = System.IO.Path.Combine(path, OwnerFileName);
        return File.Exists(file) ? File.ReadAllText(file) : "another process";
    }
}

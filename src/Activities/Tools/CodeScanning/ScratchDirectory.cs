namespace AtomicDevOps.Activities.Tools.CodeScanning;

/// <summary>A directory of its own for as long as it is used; only this user may enter it.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    public ScratchDirectory(string purpose) => Path = Directory.CreateTempSubdirectory($"atomic-devops-{purpose}-").FullName;

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

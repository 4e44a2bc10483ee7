namespace AtomicDevOps.Crash.Tests.Driver;

internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("durable-crash-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

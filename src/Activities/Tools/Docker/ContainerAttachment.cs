namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>An open connection to a container's output.</summary>
public sealed class ContainerAttachment : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly Func<CancellationToken, IAsyncEnumerable<ContainerOutput>> _read;

    internal ContainerAttachment(HttpResponseMessage response, Func<CancellationToken, IAsyncEnumerable<ContainerOutput>> read)
    {
        _response = response;
        _read = read;
    }

    /// <summary>The output until the container ends; can be read once.</summary>
    public IAsyncEnumerable<ContainerOutput> ReadAsync(CancellationToken cancellationToken) => _read(cancellationToken);

    public ValueTask DisposeAsync()
    {
        _response.Dispose();
        return ValueTask.CompletedTask;
    }
}

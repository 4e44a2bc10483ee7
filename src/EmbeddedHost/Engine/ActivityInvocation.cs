using Microsoft.DurableTask;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>One run of an activity.</summary>
public sealed class ActivityInvocation : TaskActivityContext
{
    private readonly DataConverter _converter;
    private readonly string? _input;

    internal ActivityInvocation(
        TaskName name, string instanceId, string version, string? input, DataConverter converter, IServiceProvider services, CancellationToken cancellationToken)
    {
        Name = name;
        InstanceId = instanceId;
        Version = version;
        Services = services;
        CancellationToken = cancellationToken;
        _input = input;
        _converter = converter;
    }

    public override TaskName Name { get; }

    public override string InstanceId { get; }

    public override string Version { get; }

    /// <summary>A scope of its own for this run.</summary>
    public IServiceProvider Services { get; }

    /// <summary>Cancelled when the host shuts down; the activity then runs again after the next start.</summary>
    public CancellationToken CancellationToken { get; }

    /// <exception cref="PayloadException">The input cannot be read as this type.</exception>
    public object? GetInput(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return Payload.Read(_converter, _input, type, $"the input of activity '{Name}' of instance '{InstanceId}'");
    }
}

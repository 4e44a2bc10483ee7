using System.Runtime.InteropServices;
using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.Extensions.Hosting;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>The host stops at the first SIGTERM, SIGINT or SIGQUIT, and waits for nothing any more at the second.</summary>
internal sealed class StopSignals(DurableTaskEngine engine) : IHostedService, IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _count;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT])
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, OnSignal));
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _registrations.ForEach(static registration => registration.Dispose());

    private void OnSignal(PosixSignalContext context)
    {
        if (Interlocked.Increment(ref _count) > 1)
        {
            context.Cancel = true;
            engine.Hurry();
        }
    }
}

using System.Diagnostics.CodeAnalysis;

namespace AtomicDevOps.Primitives.Workflow;

/// <summary>What one of several pieces of work came to.</summary>
/// <param name="Value">The result; the type's default after a failure.</param>
/// <param name="Failure">What went wrong; null after success.</param>
public sealed record Outcome<T>(T? Value, Failure? Failure)
{
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool Succeeded => Failure is null;
}

using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EngineLoad;

/// <summary>Counts what orchestrations and clients have it count.</summary>
internal sealed class Counter : TaskEntity<long>
{
    public long Add(long amount) => State += amount;
}

/// <summary>Holds an amount, which may be below zero: all accounts together always hold nothing.</summary>
internal sealed class Account : TaskEntity<long>
{
    public long Add(long amount) => State += amount;
}

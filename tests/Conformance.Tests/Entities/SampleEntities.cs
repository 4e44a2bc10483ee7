using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.Conformance.Tests.Entities;

/// <summary>Adds numbers up.</summary>
public sealed class Counter : TaskEntity<int>
{
    public int Add(int amount) => State += amount;

    public int Get() => State;

    public void Fail(int amount)
    {
        State += amount;
        Context.SignalEntity(new EntityInstanceId(nameof(Log), "failed"), "append", "must not be sent");
        throw new InvalidOperationException($"cannot add {amount}");
    }

    /// <summary>Adds here and, in a far year, to the counter of the key.</summary>
    public void AddThere(string key)
    {
        State++;
        Context.SignalEntity(
            new EntityInstanceId(nameof(Counter), key), "add", 10, new SignalEntityOptions { SignalTime = DateTimeOffset.MaxValue.AddYears(-7900) });
    }

    public void Pass(string key) => Context.SignalEntity(new EntityInstanceId(nameof(Counter), key), "add", State);

    public string Start(string instanceId) =>
        Context.ScheduleNewOrchestration("Started", State, new StartOrchestrationOptions(instanceId));
}

/// <summary>Keeps what it is told, in order.</summary>
public sealed class Log : TaskEntity<List<string>>
{
    public void Append(string line) => State.Add(line);
}

/// <summary>Holds money, and refuses to owe any.</summary>
public sealed class Account : TaskEntity<int>
{
    public int Balance() => State;

    public void Deposit(int amount) => State += amount;

    public void Withdraw(int amount) =>
        State = State >= amount ? State - amount : throw new InvalidOperationException($"{State} is less than {amount}");
}

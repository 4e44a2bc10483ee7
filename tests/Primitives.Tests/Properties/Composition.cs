using AtomicDevOps.Primitives.Compensation;
using AtomicDevOps.Primitives.Conditional;
using AtomicDevOps.Primitives.Fallback;
using AtomicDevOps.Primitives.Retry;
using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Timeout;
using AtomicDevOps.Primitives.Workflow;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Primitives.Tests.Properties;

/// <summary>The description of a composition of any shape, from which the primitives and the world that they run in are made.</summary>
internal abstract record Composition
{
    private static readonly WorkflowFunction<IReadOnlyList<int>, int> Sum = WorkflowFunction.Of((IReadOnlyList<int> values) => values.Sum());

    /// <summary>Compositions whose activities have names, durations and failures of their own.</summary>
    public static Arbitrary<Composition> Any { get; } = Arb.From(Gen.Sized(size => Of(Math.Min(size / 8, 4))));

    public abstract WorkflowPrimitive<int, int> Build(World world, string name);

    private static Gen<Composition> Of(int depth)
    {
        // Durations are whole seconds and deadlines are not, so that no two things happen at the same instant.
        var call =
            from seconds in Gen.Choose(1, 20)
            from failures in Gen.Frequency<int>((3, Gen.Constant(0)), (1, Gen.Choose(1, 3)))
            from undoable in Gen.Elements(true, false)
            select (Composition)new Call(seconds, failures, undoable);
        if (depth == 0)
        {
            return call;
        }

        var smaller = Of(depth - 1);
        return Gen.OneOf(
            call,
            from first in smaller from next in smaller select (Composition)new Then(first, next),
            from branches in Gen.ListOf(smaller, 3) from width in Gen.Choose(1, 3) select (Composition)new Side(branches, width),
            from then in smaller from otherwise in smaller select (Composition)new If(then, otherwise),
            from inner in smaller from attempts in Gen.Choose(1, 3) select (Composition)new Again(inner, attempts),
            from first in smaller from other in smaller select (Composition)new Else(first, other),
            from inner in smaller from seconds in Gen.Choose(1, 30) select (Composition)new Within(inner, seconds + 0.5),
            from inner in smaller select (Composition)new Saga(inner));
    }

    public sealed record Call(int Seconds, int Failures, bool Undoable) : Composition
    {
        private WorkflowFunction<int, int> Pause => WorkflowFunction.Of(async (int input, WorkflowContext context) =>
        {
            await context.DelayAsync(TimeSpan.FromSeconds(Seconds), context.CancellationToken);
            return input;
        });

        public override WorkflowPrimitive<int, int> Build(World world, string name)
        {
            world.With(
                name,
                (int input, int call) => call <= Failures ? throw new IOException($"{name} fails at call {call}") : input + Seconds,
                TimeSpan.FromSeconds(Seconds));
            var call = world.IsPaced ? Pause >> Forms.Call(name) : Forms.Call(name);
            if (!Undoable)
            {
                return call;
            }

            world.With($"undo {name}", (int input) => input, TimeSpan.FromSeconds(1));
            return call.WithUndo(name, Forms.Call($"undo {name}"), (_, output) => output);
        }
    }

    public sealed record Then(Composition First, Composition Next) : Composition
    {
        public override WorkflowPrimitive<int, int> Build(World world, string name) =>
            First.Build(world, $"{name}.1") >> Next.Build(world, $"{name}.2");
    }

    public sealed record Side(IReadOnlyList<Composition> Branches, int Width) : Composition
    {
        public override WorkflowPrimitive<int, int> Build(World world, string name) =>
            new Primitives.Parallel.ParallelPrimitive<int, int>(Branches.Select((branch, index) => branch.Build(world, $"{name}|{index}")))
                .With(new() { MaxConcurrency = Width }) >> Sum;
    }

    public sealed record If(Composition Holds, Composition Otherwise) : Composition
    {
        public override WorkflowPrimitive<int, int> Build(World world, string name) =>
            Holds.Build(world, $"{name}?").When(input => input % 2 == 0, Otherwise.Build(world, $"{name}:"));
    }

    public sealed record Again(Composition Inner, int Attempts) : Composition
    {
        public override WorkflowPrimitive<int, int> Build(World world, string name) =>
            Inner.Build(world, name).WithRetry(new() { MaxAttempts = Attempts, UseJitter = false, Delay = TimeSpan.FromSeconds(0.1) });
    }

    public sealed record Else(Composition First, Composition Other) : Composition
    {
        public override WorkflowPrimitive<int, int> Build(World world, string name) =>
            First.Build(world, $"{name}a").WithFallback(Other.Build(world, $"{name}b"));
    }

    public sealed record Within(Composition Inner, double Seconds) : Composition
    {
        public override WorkflowPrimitive<int, int> Build(World world, string name) =>
            Inner.Build(world, name).WithTimeout(TimeSpan.FromSeconds(Seconds));
    }

    public sealed record Saga(Composition Inner) : Composition
    {
        public override WorkflowPrimitive<int, int> Build(World world, string name) => Inner.Build(world, name).WithCompensation();
    }
}

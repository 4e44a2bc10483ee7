using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.EmbeddedHost.Tests.Properties;

public enum StepKind
{
    /// <summary>An activity that gives its value back.</summary>
    Activity,

    /// <summary>An activity that fails until the attempt of its value.</summary>
    RetriedActivity,

    /// <summary>An activity that fails in all attempts.</summary>
    FailingActivity,

    /// <summary>A timer of so many minutes.</summary>
    Timer,

    /// <summary>An event that is raised before or while the orchestration runs.</summary>
    Event,

    /// <summary>An event with a timeout, which is canceled when the event is there.</summary>
    EventWithTimeout,

    /// <summary>A call of an entity, which gives its value back and adds it to its own.</summary>
    EntityCall,

    /// <summary>A signal to an entity, which adds its value.</summary>
    EntitySignal,

    /// <summary>A critical section over so many entities, with a call to each.</summary>
    Lock,

    /// <summary>The inner steps as a sub-orchestration.</summary>
    Child,

    /// <summary>A sub-orchestration that fails after the inner steps.</summary>
    FailingChild,

    /// <summary>The inner steps at once.</summary>
    Parallel,

    /// <summary>The inner steps, then a failure, then an undo of each in reverse.</summary>
    Compensation,

    /// <summary>The rest of the plan in a new execution.</summary>
    ContinueAsNew,
}

/// <summary>A part of a generated orchestration.</summary>
public sealed record Step(StepKind Kind, int Value, Step[] Inner)
{
    private static readonly StepKind[] Leaves =
    [
        StepKind.Activity, StepKind.RetriedActivity, StepKind.FailingActivity, StepKind.Timer, StepKind.EntityCall, StepKind.EntitySignal,
        StepKind.Event, StepKind.EventWithTimeout,
    ];

    private static readonly StepKind[] Branches = [StepKind.Child, StepKind.FailingChild, StepKind.Parallel, StepKind.Compensation];

    /// <summary>How many events the step consumes where it stands; those of a sub-orchestration never come, so it has none.</summary>
    public int Events => Kind is StepKind.Event or StepKind.EventWithTimeout ? 1 : Inner.Sum(static step => step.Events);

    /// <summary>Orchestrations of one to <paramref name="most"/> steps, nested up to two deep.</summary>
    public static Gen<Step[]> Plans(int most) => List(Top(depth: 2), most);

    public override string ToString() => Inner.Length == 0 ? $"{Kind} {Value}" : $"{Kind} {Value} [{string.Join(", ", Inner.AsEnumerable())}]";

    private static Gen<Step> Top(int depth) => Gen.Frequency(
        (9, Any(depth, withEvents: true)),
        (2, Gen.Choose(1, 3).Select(static entities => new Step(StepKind.Lock, entities, []))),
        (1, Gen.Constant(new Step(StepKind.ContinueAsNew, 0, []))));

    private static Gen<Step> Any(int depth, bool withEvents) => depth == 0
        ? Leaf(withEvents)
        : Gen.Frequency((3, Leaf(withEvents)), (2, Branch(depth, withEvents)));

    private static Gen<Step> Leaf(bool withEvents) =>
        from kind in Gen.Elements(withEvents ? Leaves : Leaves[..^2])
        from value in Gen.Choose(1, 3)
        select new Step(kind, value, []);

    private static Gen<Step> Branch(int depth, bool withEvents) =>
        from kind in Gen.Elements(Branches)
        from value in Gen.Choose(1, 3)
        from inner in List(Any(depth - 1, withEvents && kind is StepKind.Parallel or StepKind.Compensation), 3)
        select new Step(kind, value, inner);

    private static Gen<Step[]> List(Gen<Step> step, int most) =>
        from count in Gen.Choose(1, most)
        from steps in step.ArrayOf(count)
        select steps;
}

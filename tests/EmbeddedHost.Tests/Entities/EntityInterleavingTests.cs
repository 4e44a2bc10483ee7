using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.EmbeddedHost.Tests.Entities;

public sealed class EntityInterleavingTests
{
    private const int Entities = 3;

    [Fact]
    public void Any_interleaving_runs_each_operation_once_in_its_senders_order_and_never_within_anothers_critical_section()
        => Prop.ForAll(Plans.ToArbitrary(), plan =>
        {
            var world = new EntityWorld(Entities, plan.Orchestrations, plan.ClientSignals, plan.Seed);

            world.RunUntilIdle();

            world.Unfinished.ShouldBeEmpty();
            world.Unhandled.ShouldBeEmpty();
            world.Locks.ShouldBeEmpty();
            world.Ran.ShouldBe(world.Sent);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    private static Gen<Step> Steps =>
        from kind in Gen.Elements(Enum.GetValues<StepKind>())
        from entities in Gen.Choose(0, Entities - 1).ArrayOf().Where(entities => entities.Length is > 0 and <= 4)
        select new Step(kind, entities);

    private static Gen<Plan> Plans =>
        from orchestrations in Gen.Choose(1, 4).SelectMany(count => Steps.ArrayOf().Resize(5).ArrayOf(2).ArrayOf(count))
        from clientSignals in Gen.Choose(0, 5)
        from seed in Gen.Choose(0, int.MaxValue)
        select new Plan(orchestrations, clientSignals, seed);

    private sealed record Plan(Step[][][] Orchestrations, int ClientSignals, int Seed);
}

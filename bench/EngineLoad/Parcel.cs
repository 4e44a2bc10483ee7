namespace AtomicDevOps.EngineLoad;

/// <summary>What goes into and out of every orchestration and activity: about 100 bytes of JSON.</summary>
/// <param name="Number">Tells one from another.</param>
/// <param name="Steps">What its orchestration is to do: activities to call, or seconds to sleep.</param>
/// <param name="Taken">What has been done of it.</param>
/// <param name="Text">The rest of the 100 bytes.</param>
internal sealed record Parcel(int Number, int Steps, int Taken, string Text)
{
    private const string Padding = "the quick brown fox jumps over the lazy dog and on";

    public static Parcel Create(int number, int steps = 0) => new(number, steps, Taken: 0, Padding);

    /// <summary>As it is when all of its steps are done.</summary>
    public Parcel Done() => this with { Taken = Steps };
}

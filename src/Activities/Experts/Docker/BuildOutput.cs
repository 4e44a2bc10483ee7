using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.Processes;

namespace AtomicDevOps.Activities.Experts.Docker;

/// <summary>
/// Follows what an engine says while it builds. A <c>RUN</c> step can print anything, also what looks like the engine's own words:
/// what is read here is for people, and never alone a reason to change something in the engine.
/// </summary>
internal sealed partial class BuildOutput
{
    private int _cached;

    /// <summary>The stage of the step that began last and its number in it, both from 1, where the engine counts by stages.</summary>
    private (int Stage, int Step)? _inStage;

    public BuildOutput(int limit) => Text = new BoundedOutput(limit);

    public BoundedOutput Text { get; }

    /// <summary>The number of the step that began last, from 1; 0 before the first.</summary>
    public int Step { get; private set; }

    /// <summary>The instruction of that step.</summary>
    public string? Instruction { get; private set; }

    public int CachedSteps => _cached;

    /// <summary>The container of the step that runs or ran last.</summary>
    public string? Container { get; private set; }

    public string? ImageId { get; private set; }

    public ImageProgress? Failure { get; private set; }

    /// <returns>The position of <see cref="Instruction"/>; -1 where it is not known.</returns>
    public int IndexIn(IReadOnlyList<DockerfileInstruction> instructions)
    {
        if (_inStage is not var (stage, step))
        {
            return Step - 1;
        }

        var index = -1;
        for (; stage > 0 && index < instructions.Count; stage--)
        {
            do
            {
                index++;
            }
            while (index < instructions.Count && instructions[index].Keyword is not "FROM");
        }

        return index + step - 1;
    }

    /// <returns>The text for people; <see langword="null"/> where the message has none.</returns>
    public string? Append(ImageProgress message)
    {
        ImageId = message.ImageId ?? ImageId;
        var text = message.Stream is { } stream ? PlainText(stream)
            : message.Error is { } error ? $"{error}\n"
            : message is { Status: { } status, Id: null } ? $"{status}\n"
            : null;
        if (message.Error is not null)
        {
            Failure = message;
        }

        if (text is null)
        {
            return null;
        }

        Text.Append(Encoding.UTF8.GetBytes(text));
        Follow(text);
        return text;
    }

    /// <summary>Takes off the colour that the engine gives to what a step writes to its standard error.</summary>
    private static string PlainText(string text) =>
        text.Replace("\e[91m", "", StringComparison.Ordinal).Replace("\e[0m", "", StringComparison.Ordinal);

    private void Follow(string text)
    {
        if (StepPattern().Match(text) is { Success: true } step && int.TryParse(step.Groups["number"].Value, CultureInfo.InvariantCulture, out var number) && number == Step + 1)
        {
            Step = number;
            Instruction = step.Groups["instruction"].Value.Trim();
        }
        else if (StageStepPattern().Match(text) is { Success: true } stageStep
            && int.TryParse(stageStep.Groups["number"].Value, CultureInfo.InvariantCulture, out var numberInStage))
        {
            Step++;
            _inStage = (stageStep.Groups["stage"] is { Success: true, Value: var stage } ? int.Parse(stage, CultureInfo.InvariantCulture) : 1, numberInStage);
            Instruction = stageStep.Groups["instruction"].Value.Trim();
        }
        else if (text.StartsWith(" ---> Using cache", StringComparison.Ordinal) || text.StartsWith("--> Using cache", StringComparison.Ordinal))
        {
            _cached++;
        }
        else if (ContainerPattern().Match(text) is { Success: true } running)
        {
            Container = running.Groups["id"].Value;
        }
    }

    [GeneratedRegex(@"^Step (?<number>[0-9]{1,6})/[0-9]{1,6} ?: (?<instruction>.+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StepPattern();

    [GeneratedRegex(@"^(?:\[(?<stage>[0-9]{1,6})/[0-9]{1,6}\] )?STEP (?<number>[0-9]{1,6})/[0-9]{1,6}: (?<instruction>.+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StageStepPattern();

    [GeneratedRegex(@"^ ---> Running in (?<id>[0-9a-f]{12,64})\s*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ContainerPattern();
}

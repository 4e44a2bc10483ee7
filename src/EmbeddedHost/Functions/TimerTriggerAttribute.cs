using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Starts a function by the clock.</summary>
/// <param name="schedule">
/// NCRONTAB with six fields (second minute hour day month day-of-week) or five (no seconds), a <see cref="TimeSpan"/> between runs,
/// or <c>%SETTING%</c> to read either from configuration.
/// </param>
public sealed class TimerTriggerAttribute(string schedule) : TriggerBindingAttribute
{
    public string Schedule { get; } = schedule;

    /// <summary>Keeps the last and next occurrence on disk, so that one missed while the host was down runs at start-up.
    /// Without effect on schedules that occur more than once a minute.</summary>
    public bool UseMonitor { get; set; } = true;

    /// <summary>Also runs whenever the host starts.</summary>
    public bool RunOnStartup { get; set; }
}

/// <summary>What a timer function learns about its schedule.</summary>
public class TimerInfo
{
    /// <summary>Null without <see cref="TimerTriggerAttribute.UseMonitor"/>.</summary>
    public ScheduleStatus? ScheduleStatus { get; set; }

    /// <summary>The run makes up for an occurrence that was missed while the host was down.</summary>
    public bool IsPastDue { get; set; }
}

/// <summary>Times in UTC; <see cref="DateTime.MinValue"/> means never.</summary>
public class ScheduleStatus
{
    public DateTime Last { get; set; }

    public DateTime Next { get; set; }

    public DateTime LastUpdated { get; set; }
}

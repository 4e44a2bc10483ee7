using System.ComponentModel.DataAnnotations;

namespace AtomicDevOps.Activities.Tools.Bandit;

/// <summary>Configuration section <c>Bandit</c>.</summary>
public sealed class BanditOptions
{
    public const string Section = "Bandit";

    /// <summary>The program's name or absolute path.</summary>
    [Required(ErrorMessage = "Bandit:Program is empty; it must be a program's name or absolute path, for example bandit.")]
    public string Program { get; set; } = "bandit";

    /// <summary>How long one scan may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = "Bandit:Timeout has to be from 00:00:01 to 01:00:00.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);
}

using System.ComponentModel.DataAnnotations;

namespace AtomicDevOps.Activities.Tools.Trivy;

/// <summary>Configuration section <c>Trivy</c>.</summary>
public sealed class TrivyOptions
{
    public const string Section = "Trivy";

    /// <summary>The program's name or absolute path.</summary>
    [Required(ErrorMessage = "Trivy:Program is empty; it must be a program's name or absolute path, for example trivy.")]
    public string Program { get; set; } = "trivy";

    /// <summary>How long one scan may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = "Trivy:Timeout has to be from 00:00:01 to 01:00:00.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);
}

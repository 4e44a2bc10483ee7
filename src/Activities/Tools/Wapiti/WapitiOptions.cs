using System.ComponentModel.DataAnnotations;

namespace AtomicDevOps.Activities.Tools.Wapiti;

/// <summary>Configuration section <c>Wapiti</c>.</summary>
public sealed class WapitiOptions
{
    public const string Section = "Wapiti";

    /// <summary>The program's name or absolute path, on this machine and in the image that applications are scanned from.</summary>
    [Required(ErrorMessage = "Wapiti:Program is empty; it must be a program's name or absolute path, for example wapiti.")]
    public string Program { get; set; } = "wapiti";

    /// <summary>How long a scan that only looks may take.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "06:00:00", ErrorMessage = "Wapiti:BaselineTimeout has to be from 00:00:10 to 06:00:00.")]
    public TimeSpan BaselineTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a scan with attacks may take.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "06:00:00", ErrorMessage = "Wapiti:FullTimeout has to be from 00:00:10 to 06:00:00.")]
    public TimeSpan FullTimeout { get; set; } = TimeSpan.FromMinutes(15);
}

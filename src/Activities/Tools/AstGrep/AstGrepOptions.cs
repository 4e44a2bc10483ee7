using System.ComponentModel.DataAnnotations;

namespace AtomicDevOps.Activities.Tools.AstGrep;

/// <summary>Configuration section <c>AstGrep</c>.</summary>
public sealed class AstGrepOptions
{
    public const string Section = "AstGrep";

    /// <summary>The program's name or absolute path.</summary>
    [Required(ErrorMessage = "AstGrep:Program is empty; it must be a program's name or absolute path, for example ast-grep.")]
    public string Program { get; set; } = "ast-grep";

    /// <summary>How long one scan may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = "AstGrep:Timeout has to be from 00:00:01 to 01:00:00.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);
}

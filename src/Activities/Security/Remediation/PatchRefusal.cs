using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Security.Remediation;

/// <summary>Why there is no proposal of a chat model. Those up to <see cref="TooMuchToShow"/> are told before anything is sent.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PatchRefusal>))]
public enum PatchRefusal
{
    /// <summary>No chat model is set up.</summary>
    NotConfigured,

    /// <summary>Findings of <see cref="FindingKind.Secret"/> are never shown to a model.</summary>
    SecretFinding,

    /// <summary>There is nothing to clear, or it is nothing that a change of source files clears.</summary>
    NotForModels,

    /// <summary>A finding is in a file that is missing, no plain file, too large, or no UTF-8 text.</summary>
    UnreadableFile,

    /// <summary>A finding is in a test, or in a file that says how the repository is checked.</summary>
    ProtectedFile,

    /// <summary>It is not certain that no secret would be sent.</summary>
    MaskingUncertain,

    /// <summary>The findings are in more files, or the files have longer lines, than a model is shown.</summary>
    TooMuchToShow,

    /// <summary>The model, or a filter before it, refused.</summary>
    ModelDeclined,

    /// <summary>The answer ended before its end.</summary>
    AnswerCutOff,

    /// <summary>There is no patch in the answer.</summary>
    NoPatch,

    /// <summary>It is no unified diff.</summary>
    Malformed,

    /// <summary>What it says of a file is not what stands there, or stands there in several places.</summary>
    DoesNotApply,

    /// <summary>It touches a file that the model was not shown.</summary>
    FileNotOffered,

    /// <summary>A path is absolute, leads upwards or is no plain path.</summary>
    UnsafePath,

    /// <summary>It adds, deletes, renames or copies a file.</summary>
    AddsOrRemovesFile,

    /// <summary>It is binary, or changes a file's mode.</summary>
    BinaryOrMode,

    /// <summary>It changes tests.</summary>
    TouchesTests,

    /// <summary>It changes what is checked, or tells a checker to look away.</summary>
    SwitchesOffChecks,

    /// <summary>It has more files, lines or bytes than allowed.</summary>
    TooLarge,

    /// <summary>It leaves a file with nothing in it.</summary>
    EmptiesFile,

    /// <summary>It adds what looks like a secret.</summary>
    AddsSecret,

    /// <summary>It puts a secret of the file to another use.</summary>
    MovesSecret,

    /// <summary>It adds control characters, or such as change the direction or visibility of text.</summary>
    HiddenCharacters,

    /// <summary>The files stay as they are.</summary>
    NothingChanged,
}

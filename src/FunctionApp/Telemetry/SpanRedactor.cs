using System.Diagnostics;
using AtomicDevOps.Activities.Tools.Logs;
using OpenTelemetry;

namespace AtomicDevOps.FunctionApp.Telemetry;

/// <summary>Takes secrets out of the tags and the status of every span before it is exported.</summary>
internal sealed class SpanRedactor(SecretRedactor redactor) : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data)
    {
        foreach (var (key, value) in data.TagObjects.ToArray())
        {
            if (value is string text && redactor.Redact(text) is var redacted && !string.Equals(redacted, text, StringComparison.Ordinal))
            {
                data.SetTag(key, redacted);
            }
        }

        if (data.StatusDescription is { } description)
        {
            data.SetStatus(data.Status, redactor.Redact(description));
        }
    }
}
